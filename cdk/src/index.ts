// The front of the package: what a stack may use. Everything else here is private.

export { PgQueryLensDiscovery } from './discovery';
export { PgQueryLensOptions } from './options';
export { PgQueryLensBucketPackageOptions, PgQueryLensPackage, PgQueryLensZipPackageOptions } from './package';
export { PgQueryLensPoller } from './poller';
export { PgQueryLensPollerProps } from './props';
export { PgQueryLensServerOptions } from './server-options';
export {
  PgQueryLensConnectionOptions, PgQueryLensDatabaseOptions, PgQueryLensTarget, PgQueryLensTargetOptions,
} from './target';
