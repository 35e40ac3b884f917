/** What the program's threads begin with: no more than their work needs, since each loads it again. */
import { createProcessRunner, nodeFiles, serveJobs } from "../host/index.ts";
import { PACKAGE_JOBS } from "../ospackage/package-jobs.ts";

serveJobs({ files: nodeFiles, processes: createProcessRunner() }, PACKAGE_JOBS);
