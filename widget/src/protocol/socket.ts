import type { SocketLike } from './client';

/** The browser's socket in the client's words. */
export function openSocket(url: string): SocketLike {
  return new WebSocket(url) as SocketLike;
}
