import { describeNextRecipes } from './next-recipes';

describeNextRecipes(7);
