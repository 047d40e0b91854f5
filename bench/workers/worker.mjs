// A worker process of one of the contenders.
import { contenders } from './contenders.mjs';

const [contender, options] = process.argv.slice(2);
const { work } = await contenders[contender]();
work(JSON.parse(options));
process.once('disconnect', () => process.exit());
process.send('ready');
