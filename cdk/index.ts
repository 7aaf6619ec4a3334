// `arvoredo/cdk`: what another CDK app builds a grove from.

export type { AnomalyOptions } from './anomalies.ts';
export { ArvoredoApi, type ArvoredoApiProps, type JwtOptions } from './api.ts';
export type { BudgetOptions } from './budget.ts';
export { ArvoredoEngine, type ArvoredoEngineProps, type ReservedConcurrency } from './engine.ts';
export { ArvoredoNetwork, type ArvoredoNetworkProps } from './network.ts';
export { ArvoredoNotifications, type ArvoredoNotificationsProps } from './notifications.ts';
export { ArvoredoObservability, type ArvoredoObservabilityProps } from './observability.ts';
export { ENVIRONMENTS, type EnvironmentName, type GroveOptions } from './options.ts';
export { ArvoredoSchedule, type ArvoredoScheduleProps, type ScheduleOptions } from './schedule.ts';
export { ArvoredoStack, type ArvoredoStackProps } from './stack.ts';
export { ArvoredoStore, type ArvoredoStoreProps } from './store.ts';
export { ArvoredoUploads, type ArvoredoUploadsProps, type UploadOptions } from './uploads.ts';
