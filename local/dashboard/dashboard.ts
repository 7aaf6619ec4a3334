// The dashboard of an emulator: what it adds to the log of events, and the server that shows them.

import type { EmulatorEvent } from '../events.ts';
import type { S3RequestInfo } from '../s3/server.ts';
import type { DashboardEvent } from './events.ts';
import { type MemoryWatch, watchMemory } from './memory-watch.ts';
import { type RunWatch, watchRuns } from './run-watch.ts';

/** How our own reads name themselves to S3: they are nobody's use of it. */
const OWN_APP = 'arvoredo-dashboard';
const isWrite = (operation: string) => /^(PutObject|CompleteMultipartUpload|CopyObject)$/.test(operation);

/** Events that follow from others. */
export interface Watch {
  onRequest(info: S3RequestInfo): void;
  onEvent(event: EmulatorEvent): void;
  /** Settles when nothing more will be told. */
  close(): Promise<void>;
}

/**
 * @param objectUrl address of an object in the bucket
 * @param bucket whose requests are told
 */
export function startWatch(
  bucket: string,
  objectUrl: (key: string) => string,
  emit: (event: DashboardEvent) => void,
): Watch {
  const memory: MemoryWatch = watchMemory(emit);
  const runs: RunWatch = watchRuns(async (key) => {
    const response = await fetch(objectUrl(key), { headers: { 'user-agent': `app/${OWN_APP}` } });
    return response.ok ? response.text() : undefined;
  }, emit);
  return {
    onRequest({ bucket: asked, operation, key, status, requestBytes, responseBytes, ms, app }) {
      if (asked !== bucket || app === OWN_APP) return;
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
      if (key !== undefined && isWrite(operation) && status === 200) runs.onWritten(key);
    },
    onEvent(event) {
      if (event.type === 'invokeStarted' || event.type === 'invokeFinished' || event.type === 'sandboxExited') {
        memory.onEvent(event);
      }
    },
    async close() {
      memory.close();
      await runs.idle();
    },
  };
}
