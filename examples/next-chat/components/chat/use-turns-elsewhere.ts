import { useCallback, useEffect, useRef } from 'react';

/**
 * Listens for turns of other tabs of this browser; returns the function that tells them of a turn of
 * this one. For turns on other devices there is `follow: 'live'`, which keeps a request open.
 */
export function useTurnsElsewhere(id: string, onTurn: () => void): () => void {
  const channelRef = useRef<BroadcastChannel>(undefined);
  useEffect(() => {
    const channel = new BroadcastChannel(`ai-task-stream:chat:${id}`);
    channelRef.current = channel;
    channel.onmessage = () => onTurn();
    return () => channel.close();
  }, [id, onTurn]);
  return useCallback(() => channelRef.current?.postMessage('turn'), []);
}
