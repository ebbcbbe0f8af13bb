using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace FlowForge.Lake.S3;

/// <summary>What the service said, in words that a person can act on.</summary>
internal static class S3Errors
{
    public static LakeStorageException From(Exception failure, S3LakeOptions lake)
    {
        var place = lake.Endpoint is { } endpoint ? $"{lake} at {endpoint.GetLeftPart(UriPartial.Authority)}" : $"{lake} ({lake.Region})";
        return failure switch
        {
            LakeStorageException known => known,
            BrokenBodyException e => Passing($"The lake {place} cannot be read: {e.Message}. It is tried again; check the network when it stays so."),
            AmazonS3Exception { ErrorCode: "NoSuchBucket" } =>
                Lasting("FF2701", $"There is no bucket {lake.Bucket}, which the lake {place} needs. Make it, or correct Lake:Root, Lake:S3:Region or Lake:S3:Endpoint."),
            AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } e =>
                Lasting("FF2702", $"The lake {place} refuses the credentials: {e.ErrorCode ?? "HTTP " + (int)e.StatusCode}. Check Lake:S3:AccessKey and Lake:S3:SecretKey, and that they may list, get, put and delete objects there."),
            AmazonClientException e when e.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) =>
                Lasting("FF2702", $"There are no credentials for the lake {place}. Give Lake:S3:AccessKey and Lake:S3:SecretKey, or the machine a role."),
            AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict } e =>
                Passing($"The lake {place} answered {(int)e.StatusCode} {e.ErrorCode}: {e.Message}. It is tried again."),
            AmazonServiceException { StatusCode: not 0, InnerException: null or AmazonServiceException or Amazon.Runtime.Internal.HttpErrorResponseException } e =>
                Lasting("FF2704", $"The lake {place} answered {(int)e.StatusCode} {e.ErrorCode}: {e.Message}"),
            _ => Passing($"The lake {place} cannot be reached: {Innermost(failure).Message}. Check Lake:S3:Endpoint, Lake:S3:Region and the network."),
        };

        LakeStorageException Lasting(string code, string message) => new(code, message, false, failure);
        LakeStorageException Passing(string message) => new("FF2704", message, true, failure);
    }

    /// <summary>True for what the service or the way to it did; a local disk's errors are others.</summary>
    public static bool IsService(Exception failure) => failure is AmazonServiceException or AmazonClientException or HttpRequestException or BrokenBodyException or OperationCanceledException or TimeoutException
        || (failure is IOException and not LakeStorageException && (failure is HttpIOException || failure.InnerException is SocketException or HttpIOException));

    private static Exception Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner) failure = inner;
        return failure;
    }
}
