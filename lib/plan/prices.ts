// List prices of AWS, without free tier, savings plans or taxes. The only place to edit when they change.

export const PRICES = {
  region: 'us-east-1',
  asOf: '2026-11',
  sources: ['https://aws.amazon.com/lambda/pricing', 'https://aws.amazon.com/s3/pricing'],
  /** USD */
  usd: {
    /** a GB-second of an arm64 function; a GB is 1,024 MiB */
    gbSecond: 0.0000133334,
    /** a request to a function, also each resumption of the orchestrator */
    invocation: 0.2e-6,
    /** an operation of a durable execution: the execution, a step, a wait, an invocation, a fan-out */
    durableOperation: 8e-6,
    /** a GB that a durable execution writes, and a month of keeping it */
    durableGbWritten: 0.25,
    durableGbMonth: 0.15,
    /** a PUT, COPY, POST or LIST request to S3 Standard */
    s3Write: 5e-6,
    /** a GET or any other request */
    s3Read: 0.4e-6,
    /** a month of a GB in S3 Standard; transfer between S3 and functions of its region is free */
    s3GbMonth: 0.023,
  },
} as const;
