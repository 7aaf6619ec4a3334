// Program: serve the folder named by its argument and print the URL, to be killed by a test.

import { startS3Server } from '../../../local/s3/server.ts';

startS3Server({ dataDir: process.argv[2] }).then(({ url }) => console.log(url));
