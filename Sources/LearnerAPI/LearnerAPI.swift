import HTTPTypes
public import Hummingbird
import Logging

/// The JSON API under `/api`: accounts, onboarding, content, personalization, search,
/// progress and recommendations.
///
/// It routes by itself, as a middleware: a slug may hold slashes before a suffix such as `/content`, and a known path
/// with another method must say `Allow`, neither of which the framework's own routes can.
public struct LearnerAPI: Sendable {
    let dependencies: Dependencies
    let table: RouteTable
    let rates: RequestRates
    private let deadlines = RequestDeadlines()

    /// How long one request may take, a wished-for wait not counted.
    static let timeLimit: Duration = .seconds(30)

    /// An API over what stands behind it.
    /// - Throws: ``OpenAPIError`` where the installation lacks the API's description.
    public init(_ dependencies: Dependencies) throws {
        self.dependencies = dependencies
        self.rates = RequestRates(dependencies.configuration.rates, time: dependencies.time)
        self.table = RouteTable(
            [
                // Before the users, whose `user/{user_id}` would take it for an id.
                PreferencesRoutes(dependencies.learners).routes,
                UserRoutes(dependencies).routes,
                OwnDataRoutes(dependencies).routes,
                RecommendationRoutes(dependencies).routes,
                ProgressRoutes(dependencies.progress).routes,
                PersonalizationRoutes(dependencies).routes,
                OperationRoutes(dependencies).routes,
                OperationEventRoutes(dependencies).routes,
                [
                    ContentRoutes(dependencies).routes, SearchRoutes(dependencies).routes, ProblemRoutes().routes,
                    try FileRoutes(contact: dependencies.configuration.securityContact).routes,
                ].flatMap { $0 }.map { $0.opened() },
            ].flatMap { $0 })
    }

    /// Lets the API answer everything under `/api`. The router must have a ``RequestBoundary`` before it.
    public func addRoutes<Context: RequestContext>(to router: Router<Context>) {
        router.add(
            middleware: APIMiddleware<Context>(
                table: self.table, rates: self.rates, deadlines: self.deadlines, signIn: self.dependencies.signIn))
    }
}

/// Answers what stands under `/api` and passes everything else on.
private struct APIMiddleware<Context: RequestContext>: RouterMiddleware {
    let table: RouteTable
    let rates: RequestRates
    let deadlines: RequestDeadlines
    let signIn: SignInDesk?

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        // What operators do has routes and rights of its own.
        guard path == "/api" || path.hasPrefix("/api/") || FileRoutes.paths.contains(path),
            !path.hasPrefix("/api/ops/")
        else {
            return try await next(request, context)
        }
        switch self.table.match(request.method, path: path) {
        case .route(let route, let parameters):
            context.coreContext.endpointPath.value = route.pattern.description
            let response = try await self.run(
                route,
                APIRequest(
                    request: request, parameters: parameters, connection: context as? any PeerContext,
                    logger: context.logger))
            return request.method == .head ? response.createHeadResponse() : response
        case .otherMethods(let allow, let pattern):
            context.coreContext.endpointPath.value = pattern.description
            if request.method == .options { return Response(status: .noContent, headers: [.allow: allow]) }
            var problem = Problem(.methodNotAllowed, "This address answers \(allow).")
            problem.headers[.allow] = allow
            throw problem
        case .nothing:
            throw Problem(.notFound, "The API has nothing at this address.")
        }
    }

    private func run(_ route: Route, _ request: APIRequest) async throws -> Response {
        guard let signIn, !route.isOpen else { return try await self.answer(route, request) }
        var request = request
        // Before the rates, so that nobody uses up another learner's.
        request.signedIn = try await signIn.signedIn(request.request.headers)
        var response = try await self.answer(route, request)
        response.headers.append(HTTPField(name: .vary, value: "Authorization"))
        return response
    }

    private func answer(_ route: Route, _ request: APIRequest) async throws -> Response {
        let rated = route.isRated ? try self.rates.count(request.caller) : [:]
        do {
            let limit = LearnerAPI.timeLimit + request.agreedWait
            var response = try await self.deadlines.run(atMost: limit) { try await route.handler(request) }
            if route.isRated, request.receipt.isWaived { self.rates.giveBack(request.caller) }
            response.headers.append(contentsOf: rated)
            return response
        } catch {
            var problem = Problem(describing: error)
            problem.headers.append(contentsOf: rated)
            throw problem
        }
    }
}
