import type { UIMessageChunk, UIMessageStreamWriter } from 'ai';
import type { OpenTask } from '../log/closing-chunks';

export interface TaskWriterCore {
  /** What `execute` gets. */
  readonly writer: UIMessageStreamWriter;
  /**
   * Adds one of our own chunks. Throws once the task has settled, and what `encode` throws.
   */
  emit(chunk: UIMessageChunk, path?: string, subject?: unknown): void;
  /**
   * A chunk as it is stored.
   *
   * @param subject The part of the chunk that came from outside and is called `path`.
   * @throws TaskError `unserializable` when JSON cannot carry the subject, `frame-too-large` when
   * the log does not take so much at once.
   */
  encode(chunk: object, path: string, subject?: unknown): string;
  /** Resolves when no merge is under way. */
  merged(): Promise<void>;
  /** The first error that a merged stream brought. */
  readonly failure: { readonly error: unknown } | undefined;
  /** Ends writing and leaves merged streams. Idempotent. */
  end(): void;
  /** What has to be closed at the end. */
  leftOpen(): Pick<OpenTask, 'openParts' | 'isStepDue' | 'finish'>;
}
