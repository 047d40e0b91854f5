import { equal, fail } from 'node:assert/strict';
import type { OutcomeClaim, OutcomeClaiming, TaskStreamContext } from '../../server/index';
import type { Bench } from './bench';
import { chunk } from './chunks';
import { expectMembers, expectNone } from './expectations';
import type { BenchTest, ContractSuite } from './suite';

/** Ways to ask for the outcome of the task that a test is about. */
interface Claims {
  claim(at?: TaskStreamContext, owner?: string): Promise<OutcomeClaiming | undefined>;
  /** Claims the outcome; fails when somebody holds it. */
  claimFree(at?: TaskStreamContext): Promise<OutcomeClaim>;
  isUnsaved(): Promise<boolean | undefined>;
}

function claimsOf({ context, taskId }: Bench): Claims {
  const claim: Claims['claim'] = async (at = context, owner = undefined) =>
    at.claimOutcome?.(taskId, { owner });
  return {
    claim,
    async claimFree(at) {
      const claiming = await claim(at);
      return claiming?.kind === 'claimed' ? claiming.claim : fail(`It is ${claiming?.kind}.`);
    },
    isUnsaved: async () => (await context.inspect(taskId))?.isUnsaved,
  };
}

function expectHeld(claiming: OutcomeClaiming | undefined): void {
  equal(claiming?.kind, 'held');
  if (claiming?.kind === 'held') equal(Number.isFinite(claiming.waitMs), true);
}

type ClaimTest = (bench: Bench & Claims) => Promise<void>;

const withClaims =
  (test: ClaimTest): BenchTest =>
  (bench) =>
    test({ ...bench, ...claimsOf(bench) });

/** An outcome that the host has to be told stays unsaved until the host was (R-SAVE-1 to R-SAVE-3). */
export function describeUnsavedOutcome({ describe, itIf }: ContractSuite): void {
  const itSaves = itIf('unsaved outcomes');

  describe('an outcome of which the host has to be told', () => {
    itSaves(
      'is unsaved from its settling until the host has it, and claimed by nobody else (R-SAVE-1)',
      withClaims(async ({ open, claim, isUnsaved }) => {
        const log = await open({ savesOutcome: true });
        expectNone(await isUnsaved());
        expectMembers(await claim(), { kind: 'running' });
        await log.settle([chunk(1)], 'completed');
        equal(log.isStored ?? true, true);
        equal(await isUnsaved(), true);
        expectHeld(await claim());
        await log.release({ isSaved: true });
        expectNone(await isUnsaved());
        expectNone(await claim());
      }),
    );

    itSaves(
      'that the host does not have is claimed by one at a time, until it has (R-SAVE-2, R-SAVE-3)',
      withClaims(async ({ open, claim, claimFree, isUnsaved }) => {
        const continued = JSON.stringify({
          ...{ id: 'm', role: 'assistant' },
          parts: [{ type: 'text', text: 'ä\u2028' }],
        });
        const log = await open({ savesOutcome: true, continued });
        await log.settle([chunk(1)], 'failed');
        await log.release({ isSaved: false });
        for (let count = 0; count < 2; count++) {
          equal(await isUnsaved(), true);
          const own = await claimFree();
          equal(own.continued, continued);
          expectHeld(await claim());
          await own.release({ isSaved: false });
        }
        await (await claimFree()).release({ isSaved: true });
        expectNone(await isUnsaved());
        expectNone(await claim());
      }),
    );

    itSaves(
      'may reach the host late, though it was given up',
      withClaims(async ({ open, claim, isUnsaved }) => {
        const log = await open({ savesOutcome: true });
        await log.settle([chunk(1)], 'completed');
        await log.release();
        equal(await isUnsaved(), true);
        await log.release({ isSaved: true });
        await log.release();
        expectNone(await isUnsaved());
        expectNone(await claim());
      }),
    );

    itIf('unsaved outcomes', 'outcome across instances')(
      'is claimed from any instance',
      withClaims(async ({ open, claim, claimFree, elsewhere }) => {
        const log = await open({ savesOutcome: true });
        expectMembers(await claim(elsewhere), { kind: 'running' });
        await log.settle([chunk(1)], 'completed');
        expectHeld(await claim(elsewhere));
        await log.release({ isSaved: false });
        const own = await claimFree(elsewhere);
        expectHeld(await claim());
        await own.release({ isSaved: true });
        expectNone(await claim());
      }),
    );

    itSaves(
      'is nobody’s but its owner’s',
      withClaims(async ({ open, claim, context }) => {
        const log = await open({ owner: 'me', savesOutcome: true });
        await log.settle([chunk(1)], 'completed');
        await log.release({ isSaved: false });
        for (const owner of [undefined, '', 'you']) expectNone(await claim(context, owner));
        expectMembers(await claim(context, 'me'), { kind: 'claimed' });
      }),
    );

    itSaves(
      'is none where the task has nobody to tell, and for a task that is not known',
      withClaims(async ({ open, claim, isUnsaved }) => {
        expectNone(await claim());
        const log = await open({ continued: '{}' });
        await log.settle([chunk(1)], 'completed');
        expectNone(await isUnsaved());
        expectNone(await claim());
        await log.release();
      }),
    );
  });
}
