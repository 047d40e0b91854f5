/**
 * The interface of contexts of the `resumable-stream` package, version 2.2, from any of its entries.
 * Declared here, so that the package need not be installed.
 */
export interface ResumableStreamContext {
  /**
   * Creates the stream, or resumes it when it is in progress. `null`: the stream is over.
   *
   * @param makeStream Called only when there is no such stream yet.
   * @param skipCharacters How much of a stream in progress to leave out, in UTF-16 code units.
   */
  resumableStream: (
    streamId: string,
    makeStream: () => ReadableStream<string>,
    skipCharacters?: number,
  ) => Promise<ReadableStream<string> | null>;
  /** Resumes a stream. `null`: the stream is over. `undefined`: there is none. */
  resumeExistingStream: (
    streamId: string,
    skipCharacters?: number,
  ) => Promise<ReadableStream<string> | null | undefined>;
  /** Creates a stream. `null`: the stream is over. */
  createNewResumableStream: (
    streamId: string,
    makeStream: () => ReadableStream<string>,
    skipCharacters?: number,
  ) => Promise<ReadableStream<string> | null>;
  /** `null`: there is no such stream. `true`: it is in progress. `'DONE'`: it is over. */
  hasExistingStream: (streamId: string) => Promise<null | true | 'DONE'>;
}
