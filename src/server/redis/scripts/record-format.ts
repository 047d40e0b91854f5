import type { StoredWork } from '../../log/task-attempts';

/*
 * What the Lua scripts of this folder keep in Redis. Each script touches only the keys of one task or one chat, which share a slot in a
 * cluster. Channels are passed as arguments, because a client's key prefix does not apply to them.
 *
 * Keys of a task: its record (hash), its frames (stream), the producer's lease (string with a TTL),
 * and cancels that came before the task (hash by who asked, with a TTL). A task that may be attempted
 * again has one more until it settles (hash): its input, its context, and where the next attempt
 * begins.
 *
 * An entry of the stream has the id `(epoch)-(last + 1)`, where `last` numbers its last frame,
 * and the fields `a`, the number of its first frame, and `d`, the frames, one per line.
 *
 * One process at a time tells the host an outcome. Once a task has settled, that process holds the
 * lease under a token of its own: first the process that ran the task, and when that is gone, the
 * process that claims the outcome. The record's field `log` is the token with which the log was
 * opened. Unlike `token` it stays when others close the task, and another log of the same id has
 * another one.
 *
 * `format` is the format in which a task is stored, written when the task is opened. The fields
 * `format`, `token` and `log` are the same in every format: so a script that writes to a log stops
 * at the token unless the caller is the task's own process, and the other scripts look at `format`
 * before all else.
 */

/** The latest format that this version knows. */
export const knownFormat = 2;

/** The format of a task: the first one knows nothing of attempts. */
export function formatOf({ work }: { readonly work?: StoredWork | undefined }): number {
  return work ? 2 : 1;
}
