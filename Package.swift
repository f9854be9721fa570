// swift-tools-version: 6.2
import PackageDescription

/// The thread sanitizer's build has locks of its own, which it can see into: see `Deploy/sanitize`.
let isTraced = Context.environment["LECTERN_SANITIZE"] == "thread"
let locks: [Target.Dependency] = isTraced ? ["TracedLocks"] : []

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (isTraced ? [] : [.enableUpcomingFeature("MemberImportVisibility")])

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTesting = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")

/// A library of the package: `Sources/<name>` and, where there are any, its tests in `Tests/<name>Tests`.
func library(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies + locks, path: path, exclude: exclude, resources: resources,
        swiftSettings: strict)
}

/// An executable: composition only.
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies + locks, swiftSettings: strict)
}

/// The tests of one target.
func tests(
    _ target: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.byName(name: target)] + dependencies + locks, exclude: exclude,
        resources: resources, swiftSettings: strict)
}

/// A system C library as a module.
func cLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "lectern",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        // C
        cLibrary("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
        cLibrary("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        cLibrary("CXXHash", pkgConfig: "libxxhash", apt: "libxxhash-dev"),
        cLibrary("CMarkGFM", pkgConfig: "libcmark-gfm", apt: "libcmark-gfm-dev"),

        // Clients and protocols
        library("ContentHashing", ["CXXHash", crypto]),
        library("TraceContext", []),
        library("IPAddresses", []),
        library("ServerSentEvents", []),
        library("Postgres", ["CPostgres", lifecycle, logging], exclude: ["README.md"]),
        library("CurlHTTP", ["CCurl", "TraceContext", logging]),
        library(
            "MCP", ["CurlHTTP", "ServerSentEvents", "TraceContext", lifecycle, logging], exclude: ["README.md"]),
        library("LanguageModels", ["CurlHTTP", "ServerSentEvents", logging]),
        library("Webhooks", ["CurlHTTP", "IPAddresses", crypto, yams]),
        library("IdentityTokens", ["CurlHTTP", jwt]),
        library("MarkdownHTML", ["CMarkGFM"]),

        // Engine
        library("JobQueue", ["TraceContext", heap, lifecycle, logging]),
        library("JobQueuePostgres", ["JobQueue", "Postgres", "TraceContext", histogram, lifecycle, logging]),
        library("Schema", ["Postgres", logging], resources: [.copy("Migrations")]),

        // The contract: what work exists
        library(
            "PipelineJobs", ["JobQueue", "ContentHashing", yams], path: "Jobs", exclude: ["README.md"],
            resources: [.copy("schedule.yaml"), .copy("queues.yaml")]),

        // Domain
        library("Textbook", ["ContentHashing", yams]),
        library(
            "TextbookSync",
            ["Textbook", "PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "MCP", "ContentHashing", logging]),
        library(
            "SemanticIndex",
            [
                "Textbook", "TextbookSync", "PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "MCP",
                "LanguageModels", "ContentHashing", "MarkdownHTML", logging,
            ]),
        library("Learners", ["Postgres", "ContentHashing"]),
        library(
            "LearningPaths", ["Learners", "TextbookSync", "Textbook", "Postgres"], resources: [.copy("Phrases")]),
        library(
            "Personalization",
            [
                "Textbook", "TextbookSync", "Learners", "PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres",
                "MCP", "LanguageModels", "ContentHashing", "CurlHTTP", "Webhooks", logging, metrics,
            ], resources: [.copy("Prompts"), .copy("Glossary")]),

        library("Operators", ["PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "ContentHashing", crypto]),

        // Surfaces
        library("MCPServing", ["MCP", hummingbird, lifecycle, logging]),
        library("StorageServer", ["MCP", "MCPServing", "ContentHashing", hummingbird, logging]),
        library("VectorServer", ["MCP", "MCPServing", "ContentHashing", hummingbird, logging]),
        library(
            "LearnerAPI",
            [
                "Learners", "LearningPaths", "Personalization", "SemanticIndex", "TextbookSync", "Textbook", "Postgres",
                "ContentHashing", "IdentityTokens", "IPAddresses", "ServerSentEvents", "TraceContext",
                hummingbird, lifecycle, logging, yams,
            ], resources: [.copy("openapi.yaml"), .copy("llms.txt")]),
        library(
            "LearnerWeb",
            [
                "Learners", "LearningPaths", "Personalization", "SemanticIndex", "TextbookSync", "Textbook",
                "MarkdownHTML", "ContentHashing", hummingbird, logging, mustache,
            ], resources: [.copy("Templates"), .copy("Assets"), .copy("Strings")]),
        library(
            "OperatorConsole",
            [
                "Operators", "JobQueue", "JobQueuePostgres", "PipelineJobs", "TextbookSync", "Personalization",
                "MarkdownHTML", "ServerSentEvents", hummingbird, lifecycle, logging, mustache,
            ],
            resources: [.copy("Templates"), .copy("Assets")]),

        // Executables
        library(
            "ProcessBootstrap",
            [
                "Postgres", "Schema", "PipelineJobs", "JobQueue", "JobQueuePostgres", "CurlHTTP", "IdentityTokens",
                "IPAddresses", "MCP", "LanguageModels", "Personalization",
                hummingbird, argumentParser, configuration, lifecycle, unixSignals, logging, metrics,
            ]),
        executable(
            "lectern-api",
            [
                "ProcessBootstrap", "LearnerAPI", "LearnerWeb", "OperatorConsole", "IdentityTokens", "Learners",
                "LearningPaths", "Personalization", "SemanticIndex", "TextbookSync", "JobQueuePostgres", "Operators",
                "Webhooks", argumentParser, hummingbird, logging,
            ]),
        executable(
            "lectern-sync-worker",
            [
                "ProcessBootstrap", "TextbookSync", "SemanticIndex", "LearningPaths", "JobQueue", "JobQueuePostgres",
                argumentParser,
            ]),
        executable(
            "lectern-embed-worker",
            ["ProcessBootstrap", "TextbookSync", "SemanticIndex", "JobQueue", "JobQueuePostgres", argumentParser]),
        executable(
            "lectern-personalize-worker",
            [
                "ProcessBootstrap", "TextbookSync", "Personalization", "JobQueue", "JobQueuePostgres", "Webhooks",
                argumentParser,
            ]),
        executable("lectern-storage", ["ProcessBootstrap", "StorageServer", argumentParser]),
        executable("lectern-vectordal", ["ProcessBootstrap", "VectorServer", argumentParser]),
        executable(
            "lectern",
            [
                "ProcessBootstrap", "Schema", "JobQueue", "JobQueuePostgres", "PipelineJobs", "Postgres", "Textbook",
                "TextbookSync", "SemanticIndex", "Personalization", "LanguageModels", "IdentityTokens", "MCP",
                "CurlHTTP", "LearnerAPI", "Operators", argumentParser, lifecycle, unixSignals, logging,
            ]),

        // Benchmarks
        .executableTarget(
            name: "queue-bench",
            dependencies: [
                "JobQueue", "JobQueuePostgres", "Postgres", "Schema", argumentParser, lifecycle, unixSignals, logging,
            ] + locks, path: "Tests/Benchmarks/queue-bench", swiftSettings: strict),
        .executableTarget(
            name: "plain-route", dependencies: [hummingbird, argumentParser, logging] + locks,
            path: "Tests/Benchmarks/plain-route", swiftSettings: strict),

        // Tests
        .target(
            name: "PostgresTesting", dependencies: ["Postgres", "ProcessTesting", logging] + locks,
            path: "Tests/Support/PostgresTesting",
            swiftSettings: strict),
        // Killed, stopped and deceived by the crash suite.
        .executableTarget(
            name: "queue-crash-worker",
            dependencies: [
                "JobQueue", "JobQueuePostgres", "Postgres", "Schema", argumentParser, lifecycle, unixSignals, logging,
            ] + locks, path: "Tests/Support/queue-crash-worker", swiftSettings: strict),
        .target(
            name: "ProcessTesting", path: "Tests/Support/ProcessTesting", swiftSettings: strict),
        .target(
            name: "ServerTesting", dependencies: ["ProcessTesting"] + locks, path: "Tests/Support/ServerTesting",
            swiftSettings: strict),
        .target(
            name: "TracedLocks", path: "Tests/Support/TracedLocks", swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(
            name: "ContentTesting",
            dependencies: [
                "Textbook", "TextbookSync", "PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "Schema",
                "ContentHashing",
                "PostgresTesting", logging,
            ] + locks, path: "Tests/Support/ContentTesting", swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: locks, swiftSettings: strict),
        tests("ContentHashing"),
        tests("TraceContext", ["ServerTesting"]),
        tests("IPAddresses"),
        tests("Webhooks", ["CurlHTTP", "IPAddresses", "ServerTesting"]),
        tests("ServerSentEvents", ["ServerTesting"]),
        tests("CurlHTTP", ["TraceContext", "ServerTesting", "ProcessTesting"]),
        tests("LanguageModels", ["CurlHTTP", "ServerTesting"]),
        // An issuer of tokens on a socket of this machine.
        .target(
            name: "IdentityTesting", dependencies: [hummingbird, crypto, cryptoExtras, logging] + locks,
            path: "Tests/Support/IdentityTesting", swiftSettings: strict),
        tests("IdentityTokens", ["IdentityTesting", "ServerTesting", "CurlHTTP"]),
        tests("MarkdownHTML", ["ServerTesting"]),
        tests("Postgres", ["ServerTesting", "PostgresTesting", lifecycle, logging]),
        tests(
            "MCP",
            ["CurlHTTP", "ServerSentEvents", "ServerTesting", "ProcessTesting", "TraceContext", lifecycle, logging]),
        tests("MCPServing", ["MCP", "CurlHTTP", lifecycle, logging]),
        tests("JobQueue", ["ServerTesting"]),
        tests("PipelineJobs", ["JobQueue"]),
        tests("Schema", ["Postgres", "PostgresTesting", logging]),
        tests(
            "JobQueuePostgres",
            [
                "ServerTesting", "JobQueue", "Schema", "Postgres", "PostgresTesting", "TraceContext", "CurlHTTP",
                logging,
            ]),
        tests("Textbook", ["ServerTesting", "CMarkGFM", "ContentHashing"]),
        tests(
            "TextbookSync",
            [
                "ServerTesting",
                "ContentTesting", "Textbook", "PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "MCP",
                "ContentHashing",
            ]),
        tests(
            "SemanticIndex",
            [
                "ServerTesting",
                "ContentTesting", "Textbook", "TextbookSync", "PipelineJobs", "JobQueue", "JobQueuePostgres",
                "Postgres",
                "MCP", "LanguageModels",
            ]),
        tests("Learners", ["Postgres", "PostgresTesting", "Schema", logging]),
        tests(
            "Operators",
            ["PipelineJobs", "JobQueue", "JobQueuePostgres", "Postgres", "PostgresTesting", "Schema", logging]),
        tests(
            "LearningPaths",
            [
                "ContentHashing", "Learners", "Textbook", "TextbookSync", "Postgres", "PostgresTesting", "Schema",
                "ServerTesting", logging,
            ], exclude: ["Golden"]),
        tests(
            "Personalization",
            [
                "ServerTesting", "CurlHTTP",
                "Learners", "Textbook", "TextbookSync", "Postgres", "PostgresTesting", "Schema", "JobQueue",
                "JobQueuePostgres", "PipelineJobs", "LanguageModels", "ContentHashing", logging, metricsTesting,
            ]),
        tests(
            "ProcessBootstrap",
            ["IdentityTokens", "LanguageModels", "PipelineJobs", "ServerTesting", configuration]),
        tests("StorageServer", ["ServerTesting", "ContentHashing", "MCP", logging]),
        tests("VectorServer", ["ServerTesting", "MCP", logging]),
        tests(
            "LearnerAPI",
            [
                "LearnerWeb", "OperatorConsole", "Operators", "Learners", "LearningPaths", "Personalization",
                "SemanticIndex", "TextbookSync", "JobQueue", "JobQueuePostgres", "PipelineJobs", "LanguageModels",
                "Postgres", "Schema",
                "ContentHashing", "CurlHTTP", "IPAddresses", "ServerSentEvents", "Webhooks", "PostgresTesting",
                "ProcessBootstrap", "ServerTesting", "IdentityTesting", "IdentityTokens", hummingbird, lifecycle,
                logging,
            ]),
    ]
)
