// The events that the dashboard of an emulator adds to the log: S3 requests, documents of runs, memory.

import type { S3RequestInfo } from '../s3/server.ts';
import type { EmulatorEvent } from './event-log.ts';
import type { DashboardEvent } from './events.ts';
import { watchMemory } from './memory-watch.ts';
import { watchRuns } from './run-watch.ts';

const isWrite = (operation: string) => /^(PutObject|CompleteMultipartUpload|CopyObject)$/.test(operation);

/** Emits events that follow from requests and other events. */
export interface Watch {
  onRequest(info: S3RequestInfo): void;
  onEvent(event: EmulatorEvent): void;
  close(): void;
}

/**
 * @param buckets buckets whose requests become events
 * @param read returns the bytes of an object of the first bucket, without a request, which would itself become an event
 */
export function startWatch(
  buckets: readonly string[],
  read: (key: string) => Buffer | undefined,
  emit: (event: DashboardEvent) => void,
): Watch {
  const memory = watchMemory(emit);
  const onWritten = watchRuns((key) => read(key)?.toString(), emit);
  return {
    onRequest({ bucket, operation, key, status, requestBytes, responseBytes, ms, app }) {
      if (!buckets.includes(bucket)) return;
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
