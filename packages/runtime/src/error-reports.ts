import { secret, text } from './config.ts';

/** A line of the log, as it was written: content and credentials are cut out of it already. */
export type ErrorLine = Record<string, unknown>;

/** Tells a service that speaks Sentry's protocol of what went wrong here. */
export interface ErrorReports {
  /** Never throws, never waits. */
  report(line: ErrorLine): void;
  close(): Promise<void>;
}

/** By the names under which Sentry's own SDKs read them: https://docs.sentry.io/platforms/javascript/guides/node/configuration/options/ */
export const errorReportVariables = {
  SENTRY_DSN: secret('the DSN of a project: https://<key>@<host>/<project>')
    .refine((value) => parseDsn(value) !== undefined)
    .optional(),
  SENTRY_ENVIRONMENT: text('what this deployment is called there').default('production'),
  SENTRY_RELEASE: text('which version this is there').optional(),
};

export interface ErrorReportConfig {
  SENTRY_DSN?: string | undefined;
  SENTRY_ENVIRONMENT: string;
  SENTRY_RELEASE?: string | undefined;
}

export interface Dsn {
  key: string;
  /** Where envelopes go. */
  url: string;
}

/** `https://<key>@<host>[/<path>]/<project>`: https://develop.sentry.dev/sdk/foundations/transport/authentication/ */
export function parseDsn(dsn: string): Dsn | undefined {
  if (!URL.canParse(dsn)) return undefined;
  const { protocol, username, host, pathname } = new URL(dsn);
  const [, path = '', project] = /^(.*)\/([^/]+)\/?$/.exec(pathname) ?? [];
  if (!/^https?:$/.test(protocol) || username === '' || project === undefined) return undefined;
  return { key: username, url: `${protocol}//${host}${path}/api/${project}/envelope/` };
}

/** @returns undefined where no service is set: then nothing is loaded either */
export async function createErrorReports(
  config: ErrorReportConfig,
  process: string,
): Promise<ErrorReports | undefined> {
  const dsn = config.SENTRY_DSN === undefined ? undefined : parseDsn(config.SENTRY_DSN);
  if (dsn === undefined) return undefined;
  const { createSentryReports } = await import('./sentry-reports.ts');
  return createSentryReports({
    ...{ dsn, process, environment: config.SENTRY_ENVIRONMENT },
    ...(config.SENTRY_RELEASE === undefined ? {} : { release: config.SENTRY_RELEASE }),
  });
}
