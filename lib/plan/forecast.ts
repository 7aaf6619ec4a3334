// The forecast of a run's time, memory and costs, before anything is spent.

import { POLL_SHARE, STRAGGLER_TASKS } from '../fanout/polling.ts';
import {
  addUsage,
  type Costs,
  computeCosts,
  KEPT_DAYS,
  NO_USAGE,
  PARTS,
  type Part,
  type PartUsage,
  totalUsage,
  type Usage,
} from './cost.ts';
import { durableOperations } from './operations.ts';
import type { Plan } from './plan.ts';
import { PRICES } from './prices.ts';
import { memoryMiB, taskResources } from './resources.ts';
import type { Round } from './search/halving.ts';
import type { TaskResources } from './task-resources.ts';

export interface PartForecast {
  part: Part;
  /** Invocations: tasks of a stage, resumptions of the orchestrator. */
  tasks: number;
  /** From the start of the stage to its end; null for the orchestrator, which spans the whole run. */
  seconds: number | null;
  /** Memory of its largest task, and of its function; null for the orchestrator, which holds only counts. */
  peakMiB: number | null;
  limitMiB: number | null;
  usd: number;
}

/** The output of `arvoredo plan --json`. */
export interface Forecast {
  strategy: { name: Plan['strategy']; reason: string };
  /** The rounds of a search, whose best candidate is assumed to be the one that takes longest; null without a search. */
  search: { numFolds: number; rounds: Round[]; resource: 'rows' | 'trees' } | null;
  parts: PartForecast[];
  storage: { bytes: number; days: number; usd: number };
  total: { tasks: number; durableOperations: number; seconds: number; usd: number };
  prices: { region: string; asOf: string; sources: readonly string[] };
  params: Plan['params'];
}

/** Start of a sandbox: the process, the bundle, and code not yet compiled. Billed since August 2025. */
const COLD_START_SECONDS = 0.3;
/** From the call of a fan-out to its first task, and from its last task to the end of the call. */
const FAN_OUT_SECONDS = 0.2;
/** Completions arrive in groups: each group resumes the orchestrator, which replays. */
const RESUMPTIONS_PER_TASK = 0.8;
const RESUMPTION_SECONDS = 0.06;
const ORCHESTRATOR_MIB = 1024;

/**
 * @param cores cores of a machine that all functions share; by default each function has its own vCPUs, as on AWS. Costs
 *   are always those on AWS
 */
export function forecastRun(plan: Plan, cores = Number.POSITIVE_INFINITY): Forecast {
  const needs = taskResources(plan);
  const usage = forecastUsage(plan);
  const costs: Costs = computeCosts(usage);
  const parts = PARTS.map((part): PartForecast => {
    const ofPart = needs.filter(({ stage }) => stage === part);
    if (part === 'orchestrator') {
      const tasks = usage.orchestrator.invocations;
      return { part, tasks, seconds: null, peakMiB: null, limitMiB: null, usd: costs[part] };
    }
    return {
      part,
      tasks: usage[part].invocations,
      seconds: stageSeconds(ofPart, Math.min(plan.params.workers, coresFor(part, cores))),
      peakMiB: Math.max(...ofPart.map(({ peakMiB }) => peakMiB)),
      limitMiB: memoryMiB(ofPart),
      usd: costs[part],
    };
  });
  const { region, asOf, sources } = PRICES;
  return {
    strategy: { name: plan.strategy, reason: plan.strategyReason },
    search: plan.search
      ? {
          numFolds: plan.search.numFolds,
          rounds: plan.search.rounds,
          resource: plan.search.spec.halving?.resource ?? 'rows',
        }
      : null,
    parts,
    storage: { bytes: totalUsage(usage).bytesWritten, days: KEPT_DAYS.objects, usd: costs.storage },
    total: {
      tasks: needs.reduce((sum, { numTasks }) => sum + numTasks, 0),
      durableOperations: usage.orchestrator.durableOperations,
      seconds: parts.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
      usd: costs.total,
    },
    prices: { region, asOf, sources },
    params: plan.params,
  };
}

/** A train function has two vCPUs. */
function coresFor(part: Part, cores: number): number {
  return part === 'train' ? Math.max(1, cores / 2) : cores;
}

function stageSeconds(needs: readonly TaskResources[], atOnce: number): number {
  const seconds = needs.map((need) => {
    const lanes = Math.min(need.numTasks, atOnce);
    return FAN_OUT_SECONDS + need.first.seconds + (need.numTasks / lanes) * need.seconds;
  });
  return seconds.reduce((sum, part) => sum + part, COLD_START_SECONDS);
}

/** Operations for polls for slow tasks, in fan-outs that last beyond the first poll. */
function lookOperations(needs: readonly TaskResources[], atOnce: number): number {
  const operations = needs.map((need) => {
    const seconds = stageSeconds([need], Math.min(need.numTasks, atOnce));
    let looks = 0;
    for (let at = 2; need.numTasks >= STRAGGLER_TASKS && at < seconds; at += Math.max(2, POLL_SHARE * at)) looks++;
    return 2 * looks;
  });
  return operations.reduce((sum, one) => sum + one, 0);
}

/** Usage of a run without failures on AWS; reads depend slightly on how tasks are assigned to sandboxes. */
export function forecastUsage(plan: Plan): PartUsage {
  const needs = taskResources(plan);
  const stages = { generate: NO_USAGE, split: NO_USAGE, train: NO_USAGE, evaluate: NO_USAGE };
  for (const part of Object.keys(stages) as (keyof typeof stages)[]) {
    const ofPart = needs.filter(({ stage }) => stage === part);
    const sandboxes = Math.max(...ofPart.map(({ numTasks }) => Math.min(numTasks, plan.params.workers)));
    const seconds = ofPart.reduce(
      (sum, need) => sum + need.numTasks * need.seconds + Math.min(need.numTasks, sandboxes) * need.first.seconds,
      sandboxes * COLD_START_SECONDS,
    );
    stages[part] = ofPart
      .map((need) => tasksUsage(need, Math.min(need.numTasks, sandboxes)))
      .reduce(addUsage, { ...NO_USAGE, gbSeconds: (seconds * memoryMiB(ofPart)) / 1024 });
  }
  const numTasks = needs.reduce((sum, need) => sum + need.numTasks, 0);
  const resumptions = Math.ceil(numTasks * RESUMPTIONS_PER_TASK) + 1;
  const orchestratorSeconds = COLD_START_SECONDS + resumptions * RESUMPTION_SECONDS;
  return {
    ...stages,
    orchestrator: {
      ...NO_USAGE,
      gbSeconds: (orchestratorSeconds * ORCHESTRATOR_MIB) / 1024,
      invocations: resumptions,
      durableOperations: durableOperations(plan) + lookOperations(needs, plan.params.workers),
      // six lists, a status for each stage and at the end, the report, its page and the timeline
      s3Writes: 13,
      // the request, a check for cancellation in each stage, all results at the end
      s3Reads: 8 + 2 * plan.numChunks,
      bytesWritten: 150_000,
    },
  };
}

function tasksUsage(need: TaskResources, sandboxes: number): Usage {
  const { numTasks, s3Reads, s3Writes, bytesRead, bytesWritten, first } = need;
  return {
    ...NO_USAGE,
    invocations: numTasks,
    s3Reads: numTasks * s3Reads + sandboxes * first.s3Reads,
    s3Writes: numTasks * s3Writes,
    bytesRead: numTasks * bytesRead + sandboxes * first.bytesRead,
    bytesWritten: numTasks * bytesWritten,
  };
}
