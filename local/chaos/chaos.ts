// The faults of one emulator: what was asked for how often, what has struck it, and the events that tell.

import {
  type ChaosOptions,
  drawFault,
  type FAULTS,
  type Fault,
  type FaultKind,
  type InjectionPoint,
  MOST_FAULTS,
} from './draw.ts';

/** A fault that has struck, as it stands in the log of events. */
export interface FaultEvent {
  type: 'fault';
  kind: FaultKind;
  place: InjectionPoint | 'run';
  /** What was asked for. */
  target: string;
  /** The run that it was asked for, where that can be told. */
  runId?: string;
  atMs: number;
}

/** A fault that a request is to meet. */
export type Met<P extends InjectionPoint> = Fault<(typeof FAULTS)[P][number]> & {
  /** Tell that it has struck. One that comes too late, since the request has failed by itself, never does. */
  strike(): void;
};

export class Chaos {
  readonly options: ChaosOptions;
  readonly #emit: (event: FaultEvent) => void;
  /** By place and target: times asked for in this life, and faults in all lives. */
  readonly #counts = new Map<string, { asked: number; met: number }>();

  /**
   * @param emit told of each fault that strikes
   * @param history faults of earlier emulators in the same folder: they count against what a request may meet
   */
  constructor(options: ChaosOptions, emit: (event: FaultEvent) => void, history: readonly FaultEvent[] = []) {
    this.options = options;
    this.#emit = emit;
    for (const { place, target } of history) {
      const count = this.#count(`${place} ${target}`);
      count.asked++;
      count.met++;
    }
  }

  /**
   * The fault that a request meets, if any.
   *
   * @param target what is asked for: a key below `runs/ID/`, or JSON with a `runId`, with words before it
   */
  meet<P extends InjectionPoint>(place: P, target: string): Met<P> | undefined {
    const count = this.#count(`${place} ${target}`);
    count.asked++;
    if (count.met === MOST_FAULTS) return undefined;
    const fault = drawFault(this.options, place, withoutRun(target), count.asked);
    if (!fault) return undefined;
    count.met++;
    return { ...fault, strike: () => this.note(fault.kind, place, target) };
  }

  /** Tell of a fault. */
  note(kind: FaultKind, place: FaultEvent['place'], target: string, runId = runIdIn(target)): void {
    this.#emit({ type: 'fault', kind, place, target, runId, atMs: Date.now() });
  }

  #count(identity: string): { asked: number; met: number } {
    const count = this.#counts.get(identity) ?? { asked: 0, met: 0 };
    this.#counts.set(identity, count);
    return count;
  }
}

const RUN_ID = /(?<=\bruns\/|"runId":")[\w-]+/;

function runIdIn(target: string): string | undefined {
  return RUN_ID.exec(target)?.[0];
}

/** A target as it is in every run: two runs of one job under one seed meet the same faults. */
function withoutRun(target: string): string {
  return target.replace(RUN_ID, '*');
}
