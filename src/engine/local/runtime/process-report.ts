/** What Node knows of this process, as far as it is used here. */
export interface ReportOfProcess {
  /** Without the version of glibc, the system has another C library. */
  readonly header: { readonly glibcVersionRuntime?: string };
  /** Files of the loaded libraries. */
  readonly sharedObjects: readonly string[];
}

/** Node's report on this process, without the names of open connections, which can take seconds to look up. */
export function reportOfProcess(): ReportOfProcess {
  // Node's types do not know this option, which came with 20.13.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const { excludeNetwork = false } = report;
  report.excludeNetwork = true;
  try {
    return report.getReport() as unknown as ReportOfProcess;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}
