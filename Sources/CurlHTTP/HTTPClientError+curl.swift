import CCurl

extension HTTPClientError {
    /// Translates libcurl's result. `detail` is libcurl's longer text; it is shown only for failures whose texts are
    /// known to quote nothing of the request.
    init(_ result: CURLcode, detail: String, request: String) {
        let code: Code
        var isTransient = true
        var showsDetail = false
        switch result {
        case CURLE_URL_MALFORMAT:
            code = .malformedURL
            isTransient = false
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            code = .nameNotResolved
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_PROXY:
            code = .connectionFailed
            showsDetail = true
        case CURLE_OPERATION_TIMEDOUT:
            code = .timeout
            showsDetail = true
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_ABORTED_BY_CALLBACK, CURLE_NO_CONNECTION_AVAILABLE:
            code = .connectionLost
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_SHUTDOWN_FAILED:
            code = .tls
            showsDetail = true
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND, CURLE_USE_SSL_FAILED:
            code = .tls
            isTransient = false
            showsDetail = true
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
            code = .resourcesExhausted
        case CURLE_FILESIZE_EXCEEDED:
            code = .tooLarge
            isTransient = false
        default:
            code = .protocolViolation
            isTransient = false
        }
        let text = showsDetail && !detail.isEmpty ? detail : String(cString: curl_easy_strerror(result))
        self.init(code, "\(request): \(text)", isTransient: isTransient, curlCode: Int(result.rawValue))
    }
}
