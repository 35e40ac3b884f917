/** What the program's threads begin with: no more than their work needs, since each loads it again. */
import { serveJobs } from "../host/index.ts";
import { PACKAGE_JOBS } from "../ospackage/package-jobs.ts";

serveJobs(PACKAGE_JOBS);
