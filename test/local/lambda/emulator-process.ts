// A service in a process of its own, to be killed by a test. Its options are the argument; it prints its address.

import { startLambdaService } from '../../../local/lambda/service.ts';

const service = await startLambdaService(JSON.parse(process.argv[2]));
console.log(service.url);
