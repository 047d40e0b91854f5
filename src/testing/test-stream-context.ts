import { describeAttemptOutcomes } from './contract/attempt-outcomes';
import { describeRewinds } from './contract/attempt-rewinds';
import { describeRunners } from './contract/attempt-runners';
import { describeTaking } from './contract/attempt-taking';
import { describeWaiting } from './contract/attempt-waits';
import type { CreateStreamContext } from './contract/bench';
import { describeCancel } from './contract/cancel';
import { describeChat } from './contract/chat';
import { describeClosing } from './contract/closing';
import { describeDefinition } from './contract/definition';
import { describeEmptiedAttempts } from './contract/emptied-attempts';
import { describeEmptiedStorage } from './contract/emptied-storage';
import { describeLostAttempts } from './contract/lost-attempts';
import { describeLostFrames, type LoseFrames } from './contract/lost-frames';
import { type DeafenStreamContext, describeLostNotifications } from './contract/lost-notifications';
import { describeLostProducer } from './contract/lost-producer';
import { describeNames } from './contract/names';
import { describeOneProducer } from './contract/one-producer';
import { describeOpenTasks } from './contract/open-tasks';
import { describeOtherLogs } from './contract/other-logs';
import { describeOutage } from './contract/outage';
import { describeOutcome } from './contract/outcome';
import type { StreamContextPromise } from './contract/promises';
import { describeReaders } from './contract/readers';
import type { CutStreamContext } from './contract/storage-trouble';
import { createContractSuite } from './contract/suite';
import { describeTime } from './contract/time';
import { describeTurns } from './contract/turns';
import { describeUnsavedOutcome } from './contract/unsaved-outcome';
import { findTestRunner, type TestRunner } from './test-runner';

/** Options of `testStreamContext`. */
export interface TestStreamContextOptions extends Partial<TestRunner> {
  /** Stands before the names of the tests. Default `A stream context`. */
  name?: string;
  /**
   * The promises that the context does not make, whose tests are left out. Default: none, so that
   * the context has to keep every promise.
   */
  without?: readonly StreamContextPromise[];
  /** How long the contexts keep settled logs, in milliseconds. Default 3,600,000 (1 h). */
  retentionMs?: number;
  /** How long a test may take before it fails, in milliseconds. Default 30,000. */
  timeoutMs?: number;
  /**
   * Cuts a context that `create` has made off its storage, as if the network between them were gone,
   * and resolves with a function that lets the context back. With `cut` the suite tests what contexts
   * promise to several processes: the task of a lost producer is closed, and that producer can write
   * nothing any more. Default: those tests are left out.
   */
  cut?: CutStreamContext;
  /**
   * Empties the storage, as a restart does where nothing is kept on a disk. With `empty` the suite
   * tests that running tasks begin their logs anew. Default: those tests are left out.
   */
  empty?: () => Promise<void>;
  /**
   * Loses all notifications of others to a context that `create` has made, while the storage still
   * answers it, and gives a function that lets it hear again. With it the suite tests that readers
   * and producers find out by themselves. Default: those tests are left out.
   */
  deafen?: DeafenStreamContext;
  /**
   * Takes some frames of a settled task's log from the storage, one at least, and leaves the others.
   * With it the suite tests that readers are told of them. Default: that test is left out.
   */
  lose?: LoseFrames;
}

/**
 * Makes the tests of what PROTOCOL.md promises of a stream context (section 10), with the `describe`
 * and `it` that are given, or else with the global ones.
 *
 * @param create Makes a context. All contexts that it makes share their storage, as the instances of
 * a server do. Each test makes at least two contexts and closes them.
 * @throws TaskError `invalid-options` when there is no test runner.
 */
export function testStreamContext(
  create: CreateStreamContext,
  {
    name = 'A stream context',
    without = [],
    retentionMs = 3_600_000,
    timeoutMs = 30_000,
    cut,
    empty,
    deafen,
    lose,
    ...runner
  }: TestStreamContextOptions = {},
): void {
  const found = findTestRunner(runner);
  const suite = createContractSuite(found, { create, without, timeoutMs });
  found.describe(`${name} keeps the promises of a stream context`, () => {
    describeOneProducer(suite);
    describeReaders(suite);
    describeOtherLogs(suite);
    describeOutcome(suite);
    describeUnsavedOutcome(suite);
    describeCancel(suite);
    describeNames(suite);
    describeDefinition(suite);
    describeChat(suite);
    describeTurns(suite);
    describeTime(suite, { retentionMs });
    describeTaking(suite);
    describeRunners(suite);
    describeRewinds(suite);
    describeWaiting(suite);
    describeAttemptOutcomes(suite);
    describeOpenTasks(suite);
    if (cut) {
      describeLostProducer(suite, cut);
      describeOutage(suite, cut);
      describeLostAttempts(suite, cut);
    }
    if (empty) {
      describeEmptiedStorage(suite, { empty, cut });
      describeEmptiedAttempts(suite, empty);
    }
    if (deafen) describeLostNotifications(suite, deafen);
    if (lose) describeLostFrames(suite, lose);
    describeClosing(suite);
  });
}
