using FlowForge.Temporal.Worker;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Failure.V1;

namespace FlowForge.Temporal.Tests;

public sealed class FailureConverterTests
{
    private static readonly FailureConverter Failures = new(PayloadConverter.Default);

    [Fact]
    public void ToFailure_AnyException_IsNamedAfterItsClassWithCauses()
    {
        Exception thrown;
        try
        {
            throw new InvalidOperationException("outer", new IOException("inner"));
        }
        catch (InvalidOperationException e)
        {
            thrown = e;
        }

        var failure = Failures.ToFailure(thrown);

        Assert.Equal(("outer", "InvalidOperationException", false), (failure.Message, failure.ApplicationFailureInfo.Type, failure.ApplicationFailureInfo.NonRetryable));
        Assert.Contains(nameof(ToFailure_AnyException_IsNamedAfterItsClassWithCauses), failure.StackTrace, StringComparison.Ordinal);
        Assert.Equal(("inner", "IOException"), (failure.Cause.Message, failure.Cause.ApplicationFailureInfo.Type));
    }

    [Fact]
    public void ApplicationFailure_RoundTrip_KeepsAll()
    {
        var failure = Failures.ToFailure(new ApplicationFailure("full", "DiskFull", nonRetryable: true)
        {
            NextRetryDelay = TimeSpan.FromSeconds(90),
            Details = Arguments.Of(new { Free = 12 }, "sda"),
        });

        var back = Assert.IsType<ApplicationFailure>(Failures.ToException(Failure.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(failure))));

        Assert.Equal(("full", "DiskFull", true, TimeSpan.FromSeconds(90)), (back.Message, back.Type, back.NonRetryable, back.NextRetryDelay));
        Assert.Equal((12, "sda"), (back.DetailsAs<Dictionary<string, int>>()!["free"], back.DetailsAs<string>(1)));
    }

    [Fact]
    public void ToException_ActivityFailureAroundTimeout_HasBothTypes()
    {
        var failure = new Failure
        {
            Message = "Activity task timed out",
            ActivityFailureInfo = new() { ActivityId = "a1", ActivityType = new() { Name = "load" }, RetryState = RetryState.Timeout },
            Cause = new Failure { Message = "activity StartToClose timeout", TimeoutFailureInfo = new() { TimeoutType = TimeoutType.StartToClose } },
        };

        var error = Assert.IsType<ActivityFailure>(Failures.ToException(failure));

        Assert.Equal(("a1", "load", RetryState.Timeout), (error.ActivityId, error.ActivityType, error.RetryState));
        Assert.Equal(TimeoutType.StartToClose, Assert.IsType<TimeoutFailure>(error.InnerException).Type);
    }

    [Fact]
    public void ToException_EncodedAttributes_AreRead()
    {
        var failure = new Failure
        {
            Message = "Encoded failure",
            EncodedAttributes = PayloadConverter.Default.ToPayload(new Dictionary<string, string> { ["message"] = "secret", ["stack_trace"] = "at x" }),
            ApplicationFailureInfo = new() { Type = "T" },
        };

        var error = Failures.ToException(failure);

        Assert.Equal(("secret", "at x"), (error.Message, error.RemoteStackTrace));
    }
}
