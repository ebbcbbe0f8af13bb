using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace FlowForge.Plugins.S3;

/// <summary>What the service said, as the contract's errors.</summary>
internal static class S3Failures
{
    public static Exception From(Exception failure, string bucket) => failure switch
    {
        TerminalException or TransientException => failure,
        AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed } => new TransientException($"Bucket {bucket}: an object was replaced after it was listed.", inner: failure),
        AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new TerminalException($"There is no bucket {bucket}.", "Correct bucket, region or endpoint.", failure),
        AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } e => new TerminalException($"Bucket {bucket}: {e.ErrorCode}: {e.Message}", "Check access_key, secret_key and their rights (s3:ListBucket, s3:GetObject; deliveries need s3:PutObject and s3:DeleteObject too).", failure),
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests } e => new TransientException($"Bucket {bucket}: HTTP {(int)e.StatusCode} {e.ErrorCode}: {e.Message}", inner: failure),
        AmazonServiceException { InnerException: HttpRequestException or IOException } e => new TransientException($"Bucket {bucket}: {e.InnerException!.Message}", inner: failure),
        AmazonServiceException e => new TerminalException($"Bucket {bucket}: HTTP {(int)e.StatusCode} {e.ErrorCode}: {e.Message}", inner: failure),
        AmazonClientException or HttpRequestException or IOException or TaskCanceledException => new TransientException($"Bucket {bucket}: {failure.Message}", inner: failure),
        _ => failure,
    };
}
