import type { TaskConnection } from 'ai-task-stream/react';

const words: Record<TaskConnection, string> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Connection closed',
};

/** The state of the connection, which says nothing about the state of the task. */
export function ConnectionBadge({
  connection,
  instance,
  isStalled,
  isUnplugged,
}: {
  connection: TaskConnection;
  /** The server at the other end, when there are several. */
  instance?: string | undefined;
  isStalled: boolean;
  isUnplugged: boolean;
}) {
  const isWaiting = connection === 'connected' && isStalled;
  return (
    <p className="badge" data-connection={isWaiting ? 'reconnecting' : connection} role="status">
      <span className="badge-dot" aria-hidden="true" />
      {isWaiting ? 'Waiting for the server' : words[connection]}
      {instance && connection === 'connected' ? ` to instance ${instance}` : ''}
      {isUnplugged && connection === 'reconnecting' ? ', unplugged' : ''}
    </p>
  );
}
