// The dashboard of an emulator: what it adds to the log of events, and the server that shows them.

import type { S3RequestInfo } from '../s3/server.ts';
import type { EmulatorEvent } from './event-log.ts';
import type { DashboardEvent } from './events.ts';
import { watchMemory } from './memory-watch.ts';
import { watchRuns } from './run-watch.ts';

const isWrite = (operation: string) => /^(PutObject|CompleteMultipartUpload|CopyObject)$/.test(operation);

/** Events that follow from others. */
export interface Watch {
  onRequest(info: S3RequestInfo): void;
  onEvent(event: EmulatorEvent): void;
  close(): void;
}

/**
 * @param buckets whose requests are told
 * @param read the bytes of an object of the first of them, past its server: looking must not change what there is to see
 */
export function startWatch(
  buckets: readonly string[],
  read: (key: string) => Buffer | undefined,
  emit: (event: DashboardEvent) => void,
): Watch {
  const memory = watchMemory(emit);
  const onWritten = watchRuns((key) => read(key)?.toString(), emit);
  return {
    onRequest({ bucket: asked, operation, key, status, requestBytes, responseBytes, ms, app }) {
      if (!buckets.includes(asked)) return;
      emit({
        type: 's3',
        atMs: Date.now(),
        operation,
        ...(key !== undefined && { key }),
        status,
        requestBytes,
        responseBytes,
        ms: Math.round(ms * 10) / 10,
        ...(app && { sandboxId: app }),
      });
      if (key !== undefined && isWrite(operation)) onWritten(key);
    },
    onEvent(event) {
      if (event.type === 'invokeStarted' || event.type === 'invokeFinished' || event.type === 'sandboxExited') {
        memory.onEvent(event);
      }
    },
    close: memory.close,
  };
}
