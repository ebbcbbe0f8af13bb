using FlowForge.Temporal.Worker;
using Google.Protobuf;
using Temporalio.Api.Common.V1;

namespace FlowForge.Temporal.Tests;

public sealed class PayloadConverterTests
{
    public enum Colour
    {
        DarkRed,
    }

    public sealed record Thing(string Name, int? Size, Colour Colour, DateTimeOffset At, IReadOnlyList<long> Numbers);

    private static PayloadConverter Converter => PayloadConverter.Default;

    [Theory]
    [InlineData(null, "binary/null", "")]
    [InlineData("päth", "json/plain", "\"p\\u00E4th\"")]
    [InlineData(12, "json/plain", "12")]
    [InlineData(true, "json/plain", "true")]
    public void ToPayload_Values_AreEncodedAsTheSdksDo(object? value, string encoding, string data)
    {
        var payload = Converter.ToPayload(value);

        Assert.Equal((encoding, data), (payload.Metadata["encoding"].ToStringUtf8(), payload.Data.ToStringUtf8()));
    }

    [Fact]
    public void ToPayload_Record_IsCamelCaseJsonAndComesBack()
    {
        var thing = new Thing("a", null, Colour.DarkRed, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)), [1, long.MaxValue]);

        var payload = Converter.ToPayload(thing);

        Assert.Equal("""{"name":"a","colour":"darkRed","at":"2026-01-02T03:04:05+01:00","numbers":[1,9223372036854775807]}""", payload.Data.ToStringUtf8());
        Assert.Equivalent(thing, Converter.FromPayload<Thing>(payload));
    }

    [Fact]
    public void ToPayload_Bytes_ArePlain()
    {
        var payload = Converter.ToPayload(new byte[] { 0, 255 });

        Assert.Equal("binary/plain", payload.Metadata["encoding"].ToStringUtf8());
        Assert.Equal([0, 255], Converter.FromPayload<byte[]>(payload)!);
    }

    [Fact]
    public void ToPayload_Message_IsProtobufJsonWithItsType()
    {
        var payload = Converter.ToPayload(new WorkflowType { Name = "x" });

        Assert.Equal("json/protobuf", payload.Metadata["encoding"].ToStringUtf8());
        Assert.Equal("temporal.api.common.v1.WorkflowType", payload.Metadata["messageType"].ToStringUtf8());
        Assert.Equal("x", Converter.FromPayload<WorkflowType>(payload)!.Name);
    }

    [Fact]
    public void FromPayload_BinaryProtobuf_IsRead()
    {
        var payload = new Payload { Data = new WorkflowType { Name = "x" }.ToByteString(), Metadata = { ["encoding"] = ByteString.CopyFromUtf8("binary/protobuf") } };

        Assert.Equal("x", Converter.FromPayload<WorkflowType>(payload)!.Name);
    }

    [Fact]
    public void ToPayloads_NullAndArguments_AreNoneAndMany()
    {
        Assert.Null(Converter.ToPayloads(null));
        var two = Converter.ToPayloads(Arguments.Of("a", null));

        Assert.Equal(2, two!.Payloads_.Count);
        Assert.Equal(("a", null, 0), (Converter.FromPayloads<string>(two), Converter.FromPayloads<string>(two, 1), Converter.FromPayloads<int>(two, 2)));
    }

    [Fact]
    public void FromPayload_WrongShape_SaysWhatItIsAndWhatWasWanted()
    {
        var error = Assert.Throws<PayloadException>(() => Converter.FromPayload<int>(Converter.ToPayload("text")));

        Assert.StartsWith("A payload of 6 bytes (json/plain) cannot be read as Int32: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromPayload_UnknownEncoding_HintsAtTheCodec()
    {
        var payload = new Payload { Metadata = { ["encoding"] = ByteString.CopyFromUtf8("binary/encrypted") } };

        var error = Assert.Throws<PayloadException>(() => Converter.FromPayload<int>(payload));

        Assert.Equal("A payload has the encoding 'binary/encrypted', which no converter here reads (known: binary/null, binary/plain, json/plain, json/protobuf, binary/protobuf)."
            + " Is a payload codec missing from the settings?", error.Message);
    }
}
