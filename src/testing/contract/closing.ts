import type { ContractSuite } from './suite';

/** A context that is not needed any more can be closed, even if it was closed before. */
export function describeClosing({ describe, it }: ContractSuite): void {
  describe('closing', () => {
    it('may be done twice', async ({ createContext }) => {
      const other = await createContext();
      await other.close();
      await other.close();
    });
  });
}
