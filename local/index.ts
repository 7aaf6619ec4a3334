// The package's entry: what runs anywhere, and the cluster of this machine.

export * from '../lib/index.ts';
export { type FunctionFile, LocalCluster, type LocalClusterOptions } from './backend/local-cluster.ts';
