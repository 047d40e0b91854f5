/** What a stream context may do without, if whoever uses it knows. */
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
  /** `claimOutcome`: who could not tell its host of an outcome leaves that to others. */
  | 'unsaved outcomes'
  /** `predecessorsSaved`: the turns of a chat are saved in their order. */
  | 'turns in order'
  /**
   * What is kept for a time goes by this process' `Date` and timers, which the suite then sets.
   * Leave it out for a storage that has a clock of its own.
   */
  | 'the time of this process'
  /**
   * Names that a storage could confuse are refused, and long reasons are cut, also where the context
   * is called without the functions of `ai-task-stream/server`, which see to that.
   */
  | 'checks of its own';
