using System.Text;
using FlowForge.Notebooks.Protocol;

namespace FlowForge.Notebooks.Tests;

public sealed class MessageTests
{
    [Fact]
    public void Read_BadLines_AreProblemsAndTheNextIsRead()
    {
        var text = "{\"type\":\"memory\",\"request\":1}\nno json\n{\"type\":\"unheard\",\"request\":2}\n" + new string('x', KernelProtocol.MaxLineBytes + 5) + "\n{\"request\":3,\"type\":\"memory\",\"new\":1}\n{\"type\":\"mem";
        var reader = new MessageReader<KernelCommand>(new Trickle(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(new MemoryCommand(1), reader.Read()!.Value.Message);
        Assert.StartsWith("A line holds no message: ", reader.Read()!.Value.Problem);
        Assert.StartsWith("A line holds no message: ", reader.Read()!.Value.Problem);
        Assert.Equal("A line is longer than 16,777,216 bytes.", reader.Read()!.Value.Problem);
        Assert.Equal(new MemoryCommand(3), reader.Read()!.Value.Message);
        Assert.Null(reader.Read());
    }

    [Fact]
    public void Write_Message_IsOneLine()
    {
        using var stream = new MemoryStream();
        using (var writer = new MessageWriter<KernelCommand>(stream)) writer.Write(new ExecuteCommand(4, "c", CellLanguage.CSharp, "a\nb é"));

        Assert.Equal("{\"type\":\"execute\",\"cell\":\"c\",\"language\":\"cSharp\",\"code\":\"a\\nb é\",\"firstRows\":100,\"request\":4}\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    /// <summary>Gives odd pieces, as a pipe may.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 7919));
    }
}
