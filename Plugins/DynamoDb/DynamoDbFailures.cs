using System.Net;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;

namespace FlowForge.Plugins.DynamoDb;

/// <summary>What the service said, as the contract's errors.</summary>
internal static class DynamoDbFailures
{
    /// <summary>Whether the service asks to be asked less.</summary>
    public static bool IsThrottling(Exception failure) =>
        failure is ProvisionedThroughputExceededException or RequestLimitExceededException or AmazonServiceException { ErrorCode: "ThrottlingException" or "Throttling" or "ProvisionedThroughputExceededException" };

    public static Exception From(Exception failure, string where) => failure switch
    {
        TerminalException or TransientException => failure,
        ResourceNotFoundException => new TerminalException($"There is no table or index {where}.", "Correct table_name, index_name, region or endpoint.", failure),
        _ when IsThrottling(failure) => new TransientException($"{where}: the service gives no more read capacity at the moment.", TimeSpan.FromSeconds(10), failure),
        AmazonServiceException { ErrorCode: "AccessDeniedException" or "UnrecognizedClientException" or "InvalidSignatureException" or "ExpiredTokenException" or "MissingAuthenticationTokenException" or "IncompleteSignatureException" } e =>
            new TerminalException($"{where}: {e.ErrorCode}: {e.Message}", "Check access_key, secret_key, region and the rights of the key (dynamodb:Scan, dynamodb:DescribeTable, dynamodb:ListTables).", failure),
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } e => new TransientException($"{where}: HTTP {(int)e.StatusCode} {e.ErrorCode}: {e.Message}", inner: failure),
        AmazonServiceException { InnerException: HttpRequestException or IOException } e => new TransientException($"{where}: {e.InnerException!.Message}", inner: failure),
        AmazonServiceException e => new TerminalException($"{where}: {e.ErrorCode}: {e.Message}", inner: failure),
        AmazonClientException or HttpRequestException or IOException or TaskCanceledException => new TransientException($"{where}: {failure.Message}", inner: failure),
        _ => failure,
    };
}
