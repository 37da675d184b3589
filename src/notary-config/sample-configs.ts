// Configurations as people run them, for the tests of this folder.
export const composeServer = {
  server: { http_addr: ":4443", tls_key_file: "./notary-server.key", tls_cert_file: "./notary-server.crt" },
  trust_service: {
    type: "remote",
    hostname: "notarysigner",
    port: "7899",
    tls_ca_file: "./root-ca.crt",
    key_algorithm: "ecdsa",
    tls_client_cert: "./notary-server.crt",
    tls_client_key: "./notary-server.key",
  },
  logging: { level: "debug" },
  storage: { backend: "mysql", db_url: "server@tcp(mysql:3306)/notaryserver?parseTime=True" },
};

/** A registry product's: TLS ended by its proxy, tokens, prefixes, error reports. */
export const registryServer = {
  server: { http_addr: "0.0.0.0:4443" },
  trust_service: { type: "remote", hostname: "notarysigner", port: 7899, key_algorithm: "ed25519" },
  storage: { backend: "postgres", db_url: "postgres://server:s3cret@postgresql:5432/notaryserver?sslmode=disable" },
  auth: {
    type: "token",
    options: {
      realm: "https://registry.example.com/service/token",
      service: "registry-notary",
      issuer: "registry-token-issuer",
      rootcertbundle: "/etc/ssl/notary/root.crt",
      autoredirect: false,
    },
  },
  caching: { max_age: { current_metadata: 60, consistent_metadata: "31536000" } },
  repositories: { gun_prefixes: ["docker.io/", "my-own-registry.com/"] },
  reporting: { bugsnag: { api_key: "0123456789abcdef", release_stage: "production" } },
  logging: { level: "warn" },
};

export const signer = {
  server: {
    grpc_addr: ":7899",
    tls_cert_file: "./notary-signer.crt",
    tls_key_file: "./notary-signer.key",
    client_ca_file: "/certs/notary-server.crt",
  },
  logging: { level: "info" },
  storage: {
    backend: "postgres",
    db_url: "host=postgresql user=signer password='s3 cret' dbname=notarysigner sslmode=disable",
    default_alias: "alias1",
  },
};
