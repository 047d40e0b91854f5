let hasWarned = false;

function isShortLivedRuntime(): boolean {
  const { EdgeRuntime, navigator, process } = globalThis as {
    EdgeRuntime?: string;
    navigator?: { userAgent?: string };
    process?: { env?: Record<string, string | undefined> };
  };
  const env = process?.env ?? {};
  return (
    EdgeRuntime !== undefined ||
    navigator?.userAgent === 'Cloudflare-Workers' ||
    env.VERCEL !== undefined ||
    env.AWS_LAMBDA_FUNCTION_NAME !== undefined
  );
}

/** Warns once on hosts where requests of one user may reach instances that do not share memory. */
export function warnWhereMemoryIsNotShared(): void {
  if (hasWarned || !isShortLivedRuntime()) return;
  hasWarned = true;
  console.warn(
    'ai-task-stream: tasks are kept in the memory of this instance, and instances come and go ' +
      'here: resuming and cancelling reach a task only on the instance that runs it. Pass a ' +
      '`streamContext` that instances share.',
  );
}
