import ArgumentParser
import FoundationEssentials
import Hummingbird
import IdentityTokens
import JobQueuePostgres
import LearnerAPI
import LearnerWeb
import Learners
import LearningPaths
import OperatorConsole
import Operators
import Personalization
import ProcessBootstrap
import SemanticIndex
import TextbookSync
import Webhooks

/// The API process: answers clients, readers and operators, enqueues, never works.
@main
struct API: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern-api", abstract: "Answers learners, API clients and operators.")

    @OptionGroup var options: ProcessOptions

    func run() async throws {
        let process = try await ServiceProcess(.api, options: self.options)
        let settings = process.settings
        let backends = try Backends(process)
        let index = try IndexParts(
            model: backends.embedding, modelFolder: settings.embedding.folder, client: backends.vectors,
            mapping: backends.vectorMapping, collectionPrefix: settings.vectors.container)
        let catalog = ContentCatalog(database: backends.database, bookSlug: settings.book)
        let bodies = LessonBodies(store: backends.objects)
        var personalization = PersonalizationService.Configuration()
        personalization.bookSlug = settings.book
        var search = SearchService.Configuration(bookSlug: settings.book)
        search.glossary = SearchGlossary(try Glossary.bundled().urduForms)
        search.weights = SearchWeights(for: index.model, vectorPercent: settings.search.vectorPercent)
        search.vectorTime = settings.search.vectorTime
        let learners = LearnerStore(database: backends.database)
        let signIn = settings.web.signIn.map { policy in
            SignInDesk(verifier: backends.verifier(of: policy), learners: learners)
        }
        let dependencies = LearnerAPI.Dependencies(
            learners: learners,
            progress: try ProgressStore(database: backends.database, bookSlug: settings.book),
            reasonTexts: try .bundled(), catalog: catalog, bodies: bodies,
            personalization: PersonalizationService(
                database: backends.database, queue: backends.jobs,
                parts: try WritingParts(backends, bodies: bodies).parts, configuration: personalization),
            search: SearchService(
                database: backends.database, model: index.model, vectors: index.vectors, recipe: index.recipe,
                configuration: search),
            requestKeys: RequestKeyStore(database: backends.database),
            webhooks: try settings.web.webhooksFile.map { file in
                WebhookDesk(names: try WebhookEndpoints(file: file).all.map(\.name), queue: backends.jobs)
            },
            signIn: signIn, configuration: settings.web.limits(at: .now))
        let api = try LearnerAPI(dependencies)
        let web = try LearnerWeb(.init(dependencies, api))
        let access = OperatorAccess(
            token: settings.operatorToken, listeningOn: settings.host,
            keys: OperatorKeys(database: backends.database),
            sessions: OperatorSessions(database: backends.database))
        let console = try OperatorConsole(ConsoleBackends(backends, bookSlug: settings.book), access: access)
        let operators = OperatorAPI(
            access: access, audit: AuditTrail(database: backends.database),
            parts: OperatorAPI.Parts(
                resyncs: ResyncService(database: backends.database, queue: backends.jobs),
                uploads: BookUploads(database: backends.database),
                releases: ReleaseDirectory(database: backends.database, queue: backends.jobs, bookSlug: settings.book),
                scales: QueueScales(database: backends.database),
                overview: QueueOverviewStore(database: backends.database),
                jobs: JobList(database: backends.database), inspector: JobInspector(database: backends.database),
                workers: WorkerControl(database: backends.database),
                budgets: JobBudgets(database: backends.database, queue: backends.jobs),
                actions: OperatorActions(database: backends.database, queue: backends.jobs)))

        let departure = Departure(delay: settings.web.shutdownDelay)
        let router = Router(context: APIContext.self)
        router.add(
            middleware: RequestBoundary(
                errorPage: web.errorPage, crossOrigin: try settings.web.crossOrigin,
                isLeaving: { departure.isLeaving }))
        ProcessHealth(registry: process.registry) {
            departure.isLeaving ? "the process is leaving" : await backends.databaseObstacle()
        }.addRoutes(to: router)
        api.addRoutes(to: router)
        web.addRoutes(to: router)
        console.addRoutes(to: router)
        operators.addRoutes(to: router)
        let server = Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "lectern"),
            logger: process.logger)
        try await process.run(backends.services + [server, departure])
    }
}

extension LearnerWeb.Dependencies {
    /// The pages stand on what the API stands on.
    fileprivate init(_ parts: LearnerAPI.Dependencies, _ api: LearnerAPI) {
        let desk = OwnDataDesk(parts)
        self.init(
            learners: parts.learners, progress: parts.progress, reasonTexts: parts.reasonTexts,
            catalog: parts.catalog, bodies: parts.bodies, personalization: parts.personalization,
            search: parts.search,
            ownData: .init(
                export: { try await desk.export(of: $0, for: $1) }, delete: { try await desk.delete($0) }),
            signIn: parts.signIn.map { desk in
                .init(
                    signedIn: { try await desk.signedIn($0) },
                    account: { try await desk.account(of: $0, under: $1) })
            },
            workGate: { request, context in
                let work = api.pageWork(request, context)
                return .init(admit: work.admit, giveBack: work.giveBack)
            },
            makeLearnerID: parts.makeLearnerID)
    }
}

extension Settings.Web {
    fileprivate func limits(at now: Date) -> LearnerAPI.Configuration {
        var configuration = LearnerAPI.Configuration()
        configuration.rates.learnerPerMinute = self.learnerPerMinute
        configuration.rates.addressPerMinute = self.addressPerMinute
        configuration.rates.trustedProxies = self.trustedProxies
        configuration.securityContact = self.securityContact.map { SecurityContact($0, at: now) }
        return configuration
    }

    fileprivate var crossOrigin: CrossOrigin {
        get throws {
            if let text = self.origins.first(where: { !CrossOrigin.isOrigin($0) }) {
                throw Settings.Problem(
                    "LECTERN_CORS_ORIGINS holds \(text), which is no origin such as https://app.example.org")
            }
            return CrossOrigin(origins: self.origins)
        }
    }
}

extension Backends {
    fileprivate func verifier(of policy: TokenPolicy) -> TokenVerifier {
        let start = ContinuousClock.now
        return TokenVerifier(
            policy: policy, http: self.http, now: { Date() }, elapsed: { start.duration(to: .now) })
    }
}
