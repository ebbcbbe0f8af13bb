using FlowForge.Temporal.Protocol;

namespace FlowForge.Temporal.Tests;

/// <summary>For calls that the embedded server is still to learn: skipped with that reason, and a failure on CI.</summary>
internal static class Offered
{
    public static async Task OrSkipAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (GrpcException e) when (e.Code == GrpcCode.Unimplemented && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(e.Message);
        }
    }
}
