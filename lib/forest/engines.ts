// The registry of engines.

import { arvoredoEngine } from './arvoredo-engine.ts';
import type { EngineName, ForestEngine } from './engine.ts';
import { mlRandomForestEngine } from './ml-random-forest-engine.ts';

export const ENGINES: Record<EngineName, ForestEngine> = {
  arvoredo: arvoredoEngine,
  'ml-random-forest': mlRandomForestEngine,
};
