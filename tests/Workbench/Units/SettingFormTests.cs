using System.Text.Json;
using FlowForge.Contracts;
using FlowForge.Workbench.Sources;

namespace FlowForge.Workbench.Tests.Units;

public sealed class SettingFormTests
{
    private static readonly ConnectorField[] Fields =
    [
        Field("path", FieldKind.Text), Field("null_strings", FieldKind.List), Field("delimiter", FieldKind.Text), Field("quote", FieldKind.Text), Field("thousands_sign", FieldKind.Text),
        Field("skip", FieldKind.Integer), Field("token", FieldKind.Secret), Field("columns", FieldKind.List) with { Fields = [Field("name", FieldKind.Text)] },
    ];

    private static ConnectorField Field(string name, FieldKind kind) => new() { Name = name, Title = name, Kind = kind };

    private static SettingForm Form(string json) => new(Fields, JsonDocument.Parse(json).RootElement);

    private static FormField Of(SettingForm form, string name) => form.Fields.Single(f => f.Field.Name == name);

    private static string Json(SettingForm form) => form.ToObject().ToJsonString();

    [Theory]
    [InlineData("{}", "kind tls")]
    [InlineData("""{"kind":"basic"}""", "kind user tls")]
    [InlineData("""{"kind":"${KIND}"}""", "kind user tls")]
    [InlineData("""{"kind":"none","user":"ada"}""", "kind user! tls")]
    [InlineData("""{"tls":true}""", "kind tls ca")]
    [InlineData("""{"kind":"none","user":"ada","tls":false,"ca":"x"}""", "kind user! tls ca!")]
    public void IsShown_FieldsOfAnotherKind_AreNotUnlessTheyHaveAValue(string given, string shown)
    {
        var form = new SettingForm([Field("kind", FieldKind.Choice) with { Default = JsonSerializer.SerializeToElement("none"), Choices = ["none", "basic"] }, Field("user", FieldKind.Text) with { When = new("kind", ["basic"]) },
            Field("tls", FieldKind.Boolean) with { Default = JsonSerializer.SerializeToElement(false) }, Field("ca", FieldKind.Text) with { When = new("tls", ["true"]) }], JsonDocument.Parse(given).RootElement);
        Assert.Equal(shown, string.Join(' ', form.Fields.Where(f => f.IsShown).Select(f => f.Field.Name + (f.IsUsed ? "" : "!"))));
        Assert.Equal(given, Json(form));
    }

    [Fact]
    public void Unused_SaysWhy()
    {
        var form = new SettingForm([Field("tls", FieldKind.Boolean) with { Title = "TLS" }, Field("ca", FieldKind.Text) with { When = new("tls", ["true"]) }], JsonDocument.Parse("""{"tls":false,"ca":"x"}""").RootElement);
        Assert.Equal((null, "Not used: TLS is no."), (form.Fields[0].Unused, form.Fields[1].Unused));
        form.Fields[0].Text = "true";
        Assert.Null(form.Fields[1].Unused);
    }

    [Theory]
    [InlineData("""{"null_strings":["","NA"]}""")]
    [InlineData("""{"null_strings":[" a ","b\nc"]}""")]
    [InlineData("""{"null_strings":[]}""")]
    [InlineData("""{"delimiter":"\t"}""")]
    [InlineData("""{"quote":""}""")]
    [InlineData("""{"thousands_sign":" "}""")]
    [InlineData("""{"skip":"${SKIP}"}""")]
    [InlineData("""{"columns":[{"name":" a "}]}""")]
    [InlineData("""{"token":"***"}""")]
    public void ToObject_AnotherFieldChanged_KeepsWhatWasGiven(string given)
    {
        var form = Form(given);
        Of(form, "path").Text = "a.csv";
        Assert.Equal("""{"path":"a.csv",""" + given[1..], Json(form));
        // Twice gives the same: nothing is moved out of the form.
        Assert.Equal("""{"path":"a.csv",""" + given[1..], Json(form));
    }

    [Fact]
    public void ToObject_FieldsChanged_SaysWhatIsWritten()
    {
        var form = Form("""{"path":"a.csv","null_strings":["","NA"],"delimiter":"\t","skip":1,"token":"***","columns":[{"name":"a"}]}""");
        Of(form, "path").Text = " b.csv ";
        Of(form, "null_strings").Text = "NA\n\n-";
        Of(form, "delimiter").Text = "";
        Of(form, "skip").Text = "2";
        (Of(form, "token").Text, Of(form, "token").Replacing) = ("new", true);
        Of(form, "columns").Text = "";
        Assert.Equal("""{"path":"b.csv","null_strings":["NA","-"],"skip":2,"token":"new"}""", Json(form));
        (Of(form, "token").Text, Of(form, "null_strings").Text) = ("", "");
        Assert.Equal("""{"path":"b.csv","skip":2}""", Json(form));
        Of(form, "delimiter").Text = "\t";
        Assert.Equal("""{"path":"b.csv","delimiter":"\t","skip":2}""", Json(form));
    }

    [Theory]
    [InlineData("""["","NA"]""", "\"\"\nNA", "\"\"\nNA\n-", """["","NA","-"]""")]
    [InlineData("""["a"]""", "a", "a\n\n  \n\"\"", """["a",""]""")]
    [InlineData("""[" a ","b\nc"]""", "\" a \"\n\"b\\nc\"", "\" a \"\n\"b\\nc\"\nü", """[" a ","b\nc","\u00FC"]""")]
    [InlineData("""["\"x\""]""", "\"\\\"x\\\"\"", "\"\\\"x\\\"\"\ny", """["\u0022x\u0022","y"]""")]
    [InlineData("""["5\"","6"]""", "5\"\n6", "5\"\n\"7", """["5\u0022","\u00227"]""")]
    public void ToObject_ListEdited_KeepsItemsOfBlanksAndQuotes(string given, string shown, string typed, string sent)
    {
        var form = Form($$"""{"null_strings":{{given}}}""");
        Assert.Equal(shown, Of(form, "null_strings").Text);
        Of(form, "null_strings").Text = typed;
        Assert.Equal($$"""{"null_strings":{{sent}}}""", Json(form));
    }

    [Fact]
    public void ToObject_BlanksTypedAnew_AreTheValue()
    {
        var form = Form("{}");
        Of(form, "delimiter").Text = " ";
        Of(form, "skip").Text = "  ";
        Assert.Equal("""{"delimiter":" "}""", Json(form));
        Of(form, "delimiter").Text = "";
        Assert.Equal("{}", Json(form));
    }
}
