/** Takes the content of a response, and sends it to the client. */
export interface BodySink<Content> {
  write(content: Content): void;
  /** Ends the response. */
  end(): void;
  /** Whether the client has stopped reading. Then only content that was pulled may be written. */
  isFull(): boolean;
}

/** Makes the content of a response. While nobody pulls, nothing is read, encoded or kept. */
export interface BodySource<Content> {
  /** Gets the sink, and writes the beginning of the response, which need not wait for anything. */
  start(sink: BodySink<Content>): void;
  /** Writes what comes next, once there is something, or ends the sink. */
  pull(): Promise<void>;
  /** To be called when the client has left. */
  cancel(): void;
}
