using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;

namespace FlowForge.Temporal.Tests;

public sealed class CodecTests
{
    private sealed class Flip : IPayloadCodec
    {
        public ValueTask<Payload> EncodeAsync(Payload payload, CancellationToken cancellation) =>
            new(new Payload { Data = payload.ToByteString(), Metadata = { ["encoding"] = ByteString.CopyFromUtf8("flipped") } });

        public ValueTask<Payload> DecodeAsync(Payload payload, CancellationToken cancellation) =>
            new(payload.Metadata["encoding"].ToStringUtf8() == "flipped" ? Payload.Parser.ParseFrom(payload.Data) : payload);
    }

    [Fact]
    public async Task EncodeAsync_Completion_ChangesEachPayloadButSearchAttributesAndHeaders()
    {
        var converter = PayloadConverter.Default;
        var update = new Response { Meta = new Meta { UpdateId = "u" }, Outcome = new Outcome { Success = converter.ToPayloads(1) } };
        var request = new RespondWorkflowTaskCompletedRequest
        {
            Commands =
            {
                new Command { ScheduleActivityTaskCommandAttributes = new() { Input = converter.ToPayloads(Arguments.Of(1, 2)), Header = new Header { Fields = { ["h"] = converter.ToPayload(3) } } } },
                new Command { UpsertWorkflowSearchAttributesCommandAttributes = new() { SearchAttributes = SearchAttribute.ToWire(new Dictionary<string, SearchAttribute> { ["k"] = SearchAttribute.Int(4) }) } },
                new Command { ModifyWorkflowPropertiesCommandAttributes = new() { UpsertedMemo = new Memo { Fields = { ["m"] = converter.ToPayload(5) } } } },
                new Command { FailWorkflowExecutionCommandAttributes = new() { Failure = new FailureConverter(converter).ToFailure(new ApplicationFailure("x") { Details = 6 }) } },
            },
            Messages = { new Temporalio.Api.Protocol.V1.Message { Id = "m", Body = Any.Pack(update) } },
        };
        var before = request.Clone();
        var data = new DataConverter(converter, new Flip());

        await data.EncodeAsync(request, CancellationToken.None);

        Assert.All(request.Commands[0].ScheduleActivityTaskCommandAttributes.Input.Payloads_, p => Assert.Equal("flipped", Encoding(p)));
        Assert.Equal("json/plain", Encoding(request.Commands[0].ScheduleActivityTaskCommandAttributes.Header.Fields["h"]));
        Assert.Equal("json/plain", Encoding(request.Commands[1].UpsertWorkflowSearchAttributesCommandAttributes.SearchAttributes.IndexedFields["k"]));
        Assert.Equal("flipped", Encoding(request.Commands[2].ModifyWorkflowPropertiesCommandAttributes.UpsertedMemo.Fields["m"]));
        Assert.Equal("flipped", Encoding(request.Commands[3].FailWorkflowExecutionCommandAttributes.Failure.ApplicationFailureInfo.Details.Payloads_[0]));
        Assert.Equal("flipped", Encoding(request.Messages[0].Body.Unpack<Response>().Outcome.Success.Payloads_[0]));

        await data.DecodeAsync(request, CancellationToken.None);
        Assert.Equal(before, request);
    }

    [Fact]
    public async Task Gzip_LargeAndSmall_OnlyLargeIsPacked()
    {
        var codec = new GzipPayloadCodec(minimumBytes: 100);
        var small = PayloadConverter.Default.ToPayload("x");
        var large = PayloadConverter.Default.ToPayload(new string('x', 10_000));

        Assert.Same(small, await codec.EncodeAsync(small, default));
        var packed = await codec.EncodeAsync(large, default);

        Assert.Equal("binary/gzip", Encoding(packed));
        Assert.True(packed.Data.Length < 200);
        Assert.Equal(large, await codec.DecodeAsync(packed, default));
        Assert.Same(small, await codec.DecodeAsync(small, default));
    }

    private static string Encoding(Payload payload) => payload.Metadata["encoding"].ToStringUtf8();
}
