// The results of a search as a table and charts.

import { chart, figure, line, round } from './chart.ts';
import { count, escapeHtml, fixed, seconds, table } from './html.ts';
import { shorten } from './names.ts';
import type { Report } from './report.ts';
import type { CandidateResult, SearchReport } from './search-results.ts';
import { byRank, rankInRound, writeValue } from './search-results.ts';

const MAX_ROWS = 200;
const MAX_DOTS = 30;
const MAX_LINES = 200;
const MAX_LABEL = 72;
const ROW = 22;
const WIDTH = 860;

/** The section of the search; empty without one. */
export function searchSection({ search }: Report): string {
  if (!search) return '';
  const { results, rounds, numFolds, scoring, greaterIsBetter, resource, best } = search;
  const chosen = results[best];
  const how = rounds.map(({ numCandidates, resources }) => `${count(numCandidates)} on ${count(resources)}`).join(', ');
  const inRounds = rounds.length > 1 ? `, in rounds of ${how} ${resource}` : '';
  return `<h2 id="search">Search</h2>
<p class="soft">${count(rounds[0].numCandidates)} candidates, each on ${numFolds} folds of the training rows${inRounds}. The best by ${escapeHtml(scoring)}${greaterIsBetter ? '' : ' (lower is better)'} is ${escapeHtml(write(chosen))}, with ${fixed(chosen.meanTestScore)} ± ${fixed(chosen.stdTestScore)}; its forest was grown again on all training rows. ± is the standard deviation over the folds.</p>
${dots(search)}${rounds.length > 1 ? roundsChart(search) : ''}${resultsTable(search)}`;
}

function write({ params }: CandidateResult): string {
  return Object.keys(params).map((name) => `${name} ${writeValue(params, name)}`).join(', '); // biome-ignore format: one line
}

/** Mean and standard deviation of the best candidates of the last round with more than two, the best on top. */
function dots(search: SearchReport): string {
  const { rounds, results, best } = search;
  const at = Math.max(0, rounds.findLastIndex(({ numCandidates }) => numCandidates > 2)); // biome-ignore format: one line
  const last = byRank(search).filter((one) => one.round === at && one.meanTestScore !== null);
  const shown = last.slice(0, MAX_DOTS);
  if (shown.length === 0) return '<p class="note">No candidate has a score: it is undefined on the rows of a fold.</p>';
  const ends = shown.flatMap(({ meanTestScore, stdTestScore }) => [
    meanTestScore! - stdTestScore!,
    meanTestScore! + stdTestScore!,
  ]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const labels = shown.map((result) => shorten(write(result), MAX_LABEL));
  const left = 20 + 6.2 * Math.max(...labels.map(({ length }) => length));
  const x = (value: number) => round(left + ((value - low) / (high - low || 1)) * (WIDTH - left - 80));
  const rows = shown.map((result, i) => {
    const y = 14 + i * ROW;
    const [mean, std] = [result.meanTestScore!, result.stdTestScore!];
    const words = write(result);
    return `<text x="${round(left - 10)}" y="${y + 4}" text-anchor="end">${escapeHtml(labels[i])}</text><line class="whisker" x1="${x(mean - std)}" x2="${x(mean + std)}" y1="${y}" y2="${y}"/><circle class="dot ink${result.candidate === results[best].candidate ? 3 : 0}" cx="${x(mean)}" cy="${y}" r="4.5"><title>${escapeHtml(`${words}: ${fixed(mean)} ± ${fixed(std)}`)}</title></circle><text class="value" x="${WIDTH - 56}" y="${y + 4}">${fixed(mean)}</text>`;
  });
  const more = last.length > MAX_DOTS ? `, the first ${MAX_DOTS} of ${count(last.length)}` : '';
  const where = rounds.length > 1 ? ` of round ${at + 1}` : '';
  return figure({
    title: `Candidates${where} by ${search.scoring}, mean and standard deviation over the folds${more}`,
    description: shown.map((result) => `${write(result)} ${fixed(result.meanTestScore)}`).join('; '),
    width: WIDTH,
    height: 14 + shown.length * ROW,
    content: rows.join(''),
  });
}

/** A line for each candidate from round to round. */
function roundsChart({ results, rounds, resource, scoring, best }: SearchReport): string {
  const scored = results.filter(({ meanTestScore }) => meanTestScore !== null);
  const scores = scored.map(({ meanTestScore }) => meanTestScore!);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const margin = (high - low || 0.1) * 0.06;
  const chosen = results[best].candidate;
  // the best last, on top of the others
  const candidates = [...new Set(scored.map(({ candidate }) => candidate))]
    .slice(0, MAX_LINES)
    .filter((candidate) => candidate !== chosen);
  return chart({
    title: `Rounds: mean ${scoring} of each candidate`,
    description: rounds
      .map(
        ({ numCandidates, resources }, i) => `round ${i + 1}: ${numCandidates} candidates on ${resources} ${resource}`,
      )
      .join(', '),
    width: WIDTH,
    height: 300,
    x: {
      domain: [-0.25, rounds.length - 0.75],
      label: `candidates on ${resource}`,
      ticks: rounds.map((_, i) => i),
      format: (i) => `${count(rounds[i].numCandidates)} on ${count(rounds[i].resources)}`,
    },
    y: { domain: [low - margin, high + margin], label: `mean ${scoring}` },
    legend: [
      { style: 'ink3', label: 'the best candidate' },
      { style: 'ink7', label: 'others' },
    ],
    draw: (x, y) =>
      [...candidates, chosen]
        .map((candidate) => {
          const own = scored.filter((result) => result.candidate === candidate);
          const style = candidate === chosen ? 'ink3' : 'ink7';
          const points = own.map(({ round: at, meanTestScore }) => [x(at), y(meanTestScore!)] as const);
          const marks = own.map(
            (result, i) =>
              `<circle class="dot ${style}" cx="${round(points[i][0])}" cy="${round(points[i][1])}" r="3.5"><title>${escapeHtml(`${write(result)}: ${fixed(result.meanTestScore)}`)}</title></circle>`,
          );
          return `${line(points, `${style}${candidate === chosen ? '' : ' thin'}`)}${marks.join('')}`;
        })
        .join(''),
  });
}

function resultsTable(search: SearchReport): string {
  const { rounds, results, scoring, resource } = search;
  const sorted = byRank(search);
  const names = Object.keys(sorted[0].params);
  const isHalving = rounds.length > 1;
  const number = (head: string) => ({ head, isNumber: true });
  const columns = [
    { head: 'rank' },
    ...(isHalving ? [number('round'), number(resource)] : []),
    ...names.map((name) => ({ head: `<code>${escapeHtml(name)}</code>` })),
    number(escapeHtml(scoring)),
    number('±'),
    number('fit'),
    number('score'),
  ];
  const rows = sorted
    .slice(0, MAX_ROWS)
    .map((result) => [
      count(rankInRound(search, result)),
      ...(isHalving ? [count(result.round + 1), count(result.resources)] : []),
      ...names.map((name) => `<code>${escapeHtml(writeValue(result.params, name))}</code>`),
      fixed(result.meanTestScore),
      fixed(result.stdTestScore),
      seconds(result.meanFitSeconds),
      seconds(result.meanScoreSeconds),
    ]);
  const more =
    results.length > MAX_ROWS ? `, the first ${MAX_ROWS} of ${count(results.length)}; report.json has all` : '';
  return table(`Candidates, the best first${more}`, columns, rows);
}
