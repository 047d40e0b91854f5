import { hexDigest } from '../server/log/hex-digest';

/**
 * The taskId of a scheduled job, the same however often the job comes. The seed is known to the queue
 * only, so nobody can guess the taskId from the name and the time of the schedule.
 */
export async function scheduledTaskId(seed: string, jobId: string): Promise<string> {
  const digest = await hexDigest('SHA-256', `${seed} ${jobId}`);
  return digest.slice(0, 32);
}
