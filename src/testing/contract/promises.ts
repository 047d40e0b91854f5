/** A promise that a stream context need not keep, if whoever uses the context knows that. */
export type StreamContextPromise =
  /** The log of a settled task can be read by whoever comes then. */
  | 'replay after the end'
  /** Of many instances that open a task at the same time, one wins. */
  | 'atomic opening across instances'
  /** A cancel reaches its task from any instance. */
  | 'cancel across instances'
  /** Every instance knows the tasks of a chat. */
  | 'chats across instances'
  /** Every instance knows how a task ended. */
  | 'outcome across instances'
  /** `claimOutcome`: an outcome that a process could not tell its host is left to other processes. */
  | 'unsaved outcomes'
  /** `take`: a task can wait for a runner, and be attempted again, by any instance. */
  | 'attempts'
  /** `dueTasks` and `lookAgain`: open tasks are in an index, by which somebody finds them. */
  | 'open tasks'
  /** `predecessorsSaved`: the turns of a chat are saved in their order. */
  | 'turns in order'
  /**
   * How long things are kept goes by this process' `Date` and timers, which the suite then sets.
   * Name it in `without` for a storage that has a clock of its own.
   */
  | 'the time of this process'
  /**
   * The context itself refuses names that a storage could confuse, and cuts long reasons. The
   * functions of `ai-task-stream/server` do so before they call a context.
   */
  | 'checks of its own';
