import type { ContractSuite } from './suite';

/** What is not needed any more can be closed, whoever has done so already. */
export function describeClosing({ describe, it }: ContractSuite): void {
  describe('closing', () => {
    it('may be done twice', async ({ createContext }) => {
      const other = await createContext();
      await other.close();
      await other.close();
    });
  });
}
