import type { Socket } from 'node:net';

/** One direction of a wire: bytes leave in order, each after the latency. */
export interface Lane {
  /** Sends bytes. While they are held, whatever is sent after them waits behind them. */
  send(bytes: Buffer, isHeld?: () => boolean): void;
  /** Sends bytes after a delay, behind whatever was sent in the meantime. */
  sendLater(bytes: Buffer, delayMs: number): void;
  /** Sends what need not wait any more; to be called when latency or a hold has changed. */
  flush(): void;
  /** Ends the socket once all that waits was sent. */
  end(): void;
  /** Drops all that waits. */
  close(): void;
}

export function createLane({
  socket,
  latencyMs,
}: {
  socket: Socket;
  latencyMs: () => number;
}): Lane {
  let waiting: { bytes: Buffer; sentAt: number; isHeld: () => boolean }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const laterTimers = new Set<NodeJS.Timeout>();
  let isEnding = false;

  const send = (bytes: Buffer, isHeld = () => false) => {
    waiting.push({ bytes, sentAt: performance.now(), isHeld });
    flush();
  };

  const flush = () => {
    clearTimeout(timer);
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (next.isHeld()) return;
      const remainingMs = next.sentAt + latencyMs() - performance.now();
      if (latencyMs() > 0 && remainingMs > 0) {
        if (Number.isFinite(remainingMs)) timer = setTimeout(flush, Math.ceil(remainingMs));
        return;
      }
      waiting.shift();
      if (!socket.destroyed) socket.write(next.bytes);
    }
    if (isEnding && !socket.destroyed) socket.end();
  };

  return {
    send,
    sendLater(bytes, delayMs) {
      const later = setTimeout(() => {
        laterTimers.delete(later);
        send(bytes);
      }, delayMs);
      laterTimers.add(later);
    },
    flush,
    end() {
      isEnding = true;
      flush();
    },
    close() {
      clearTimeout(timer);
      for (const later of laterTimers) clearTimeout(later);
      laterTimers.clear();
      waiting = [];
    },
  };
}
