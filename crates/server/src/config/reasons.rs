//! Why something in this section is not acceptable.

diwan_kernel::phrases! {
    /// What this section can say.
    pub(crate) REASONS:
    URL = "url", "it is not a URL like https://diwan.example.org";
    URL_SCHEME = "url_scheme", "it must begin with https:// or http:// and name a host";
    URL_BARE = "url_bare", "it must end after the name or the port, without a path, a query or a user";
    NETWORK = "network", "it must be an address or a network like 10.0.0.0/8";
    DATABASE = "database_url", "it must be a path, or a URL that begins with postgres:// or sqlite://";
    POSTGRES = "postgres_url", "it is not a PostgreSQL URL like postgres://user:password@host/database";
    LOG_LEVEL = "log_level", "it must be error, warn, info, debug or trace, or by module like info,diwan_server=debug";
    TLS_PAIR = "tls_pair", "a certificate and its key belong together: set tls_cert and tls_key";
    SAME_ADDRESS = "same_address", "it must differ from server.listen";
}
