// The faults of one emulator: how often each target was requested, which faults struck it, and their events.

import {
  type ChaosOptions,
  drawFault,
  type FAULTS,
  type Fault,
  type FaultKind,
  type InjectionPoint,
  MAX_FAULTS,
} from './draw.ts';

/** A fault that has struck, as recorded in the log of events. */
export interface FaultEvent {
  type: 'fault';
  kind: FaultKind;
  place: InjectionPoint | 'run';
  /** The target of the request. */
  target: string;
  /** The run of the request, if known. */
  runId?: string;
  atMs: number;
}

/** A fault that a request will meet. */
export type Met<P extends InjectionPoint> = Fault<(typeof FAULTS)[P][number]> & {
  /** Record that the fault has struck. Never called when the request failed by itself before. */
  strike(): void;
};

export class Chaos {
  readonly options: ChaosOptions;
  readonly #emit: (event: FaultEvent) => void;
  /** By injection point and target: requests of this process, and faults of all processes in the folder. */
  readonly #counts = new Map<string, { requested: number; met: number }>();

  /**
   * @param emit called for each fault that strikes
   * @param history faults of earlier emulators in the same folder: they count against what a request may meet
   */
  constructor(options: ChaosOptions, emit: (event: FaultEvent) => void, history: readonly FaultEvent[] = []) {
    this.options = options;
    this.#emit = emit;
    for (const { place, target } of history) {
      const count = this.#count(`${place} ${target}`);
      count.requested++;
      count.met++;
    }
  }

  /**
   * The fault that a request meets, if any.
   *
   * @param target a key below `runs/ID/`, or JSON with a `runId`, with words before it
   */
  meet<P extends InjectionPoint>(point: P, target: string): Met<P> | undefined {
    const count = this.#count(`${point} ${target}`);
    count.requested++;
    if (count.met === MAX_FAULTS) return undefined;
    const fault = drawFault(this.options, point, withoutRun(target), count.requested);
    if (!fault) return undefined;
    count.met++;
    return { ...fault, strike: () => this.note(fault.kind, point, target) };
  }

  /** Emit the event of a fault. */
  note(kind: FaultKind, place: FaultEvent['place'], target: string, runId = runIdIn(target)): void {
    this.#emit({ type: 'fault', kind, place, target, runId, atMs: Date.now() });
  }

  #count(identity: string): { requested: number; met: number } {
    const count = this.#counts.get(identity) ?? { requested: 0, met: 0 };
    this.#counts.set(identity, count);
    return count;
  }
}

const RUN_ID = /(?<=\bruns\/|"runId":")[\w-]+/;

function runIdIn(target: string): string | undefined {
  return RUN_ID.exec(target)?.[0];
}

/** A target without its run's id: two runs of one job under one seed meet the same faults. */
function withoutRun(target: string): string {
  return target.replace(RUN_ID, '*');
}
