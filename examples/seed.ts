// The job that the project grew from: npx tsx examples/seed.ts

import { accuracyScore, Client, LocalCluster, RandomForestClassifier } from 'arvoredo';

const cluster = await LocalCluster.start({ workers: 4 });
const client = new Client(cluster);
const data = await client.makeClassification({ samples: 100_000, features: 20, chunkSize: 10_000 });
const { train, test } = await client.trainTestSplit(data, { testSize: 0.1 });
const forest = await client.fit(new RandomForestClassifier({ trees: 100 }), train);
const predictions = await forest.predict(test);
console.log(`Accuracy: ${(await accuracyScore(test.labels, predictions)).toFixed(4)}`);
await client.close();
await cluster.close();
