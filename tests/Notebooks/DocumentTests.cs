using FlowForge.Notebooks.Protocol;
using FlowForge.Notebooks.Sessions.Documents;

namespace FlowForge.Notebooks.Tests;

public sealed class DocumentTests
{
    // As Jupyter writes it: one space, sorted names, text as it is; with metadata that FlowForge does not know.
    private const string Jupyter = """
        {
         "cells": [
          {
           "attachments": {},
           "cell_type": "markdown",
           "id": "intro-1",
           "metadata": {
            "slideshow": {
             "slide_type": "slide"
            }
           },
           "source": [
            "# Über <flights> & 'more' ✈\n",
            "text"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": 3,
           "id": "q_1",
           "metadata": {
            "vscode": {
             "languageId": "sql"
            },
            "x": 1.0
           },
           "outputs": [
            {
             "data": {
              "text/plain": "1e5"
             },
             "execution_count": 3,
             "metadata": {},
             "output_type": "execute_result"
            }
           ],
           "source": "SELECT 1"
          }
         ],
         "metadata": {
          "kernelspec": {
           "display_name": ".NET (C#)",
           "language": "C#",
           "name": ".net-csharp"
          },
          "other_tool": [
           1,
           {}
          ]
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }

        """;

    [Fact]
    public void Write_NothingChanged_IsTheSameText() => Assert.Equal(Jupyter, NotebookDocument.Parse(Jupyter).Write());

    [Fact]
    public void Write_OtherIndent_IsKept()
    {
        var four = "{\n    \"cells\": [],\n    \"metadata\": {},\n    \"nbformat\": 4,\n    \"nbformat_minor\": 5\n}\n";
        Assert.Equal(four, NotebookDocument.Parse(four).Write());
    }

    [Fact]
    public void Source_OneCellChanged_ChangesOnlyThatCell()
    {
        var document = NotebookDocument.Parse(Jupyter);
        Assert.Equal([NotebookCellKind.Markdown, NotebookCellKind.Sql], document.Cells.Select(c => c.Kind));
        Assert.Equal("# Über <flights> & 'more' ✈\ntext", document.Cells[0].Source);

        document.Cells[1].Source = "SELECT 2,\r\n3";

        Assert.Equal(Jupyter.Replace("\"source\": \"SELECT 1\"", "\"source\": [\n    \"SELECT 2,\\n\",\n    \"3\"\n   ]"), document.Write());
    }

    [Fact]
    public void Parse_CellsWithoutIds_GetTheSameIdsEachTime()
    {
        const string old = """{"cells":[{"cell_type":"code","metadata":{},"source":"a","outputs":[],"execution_count":null},{"cell_type":"code","metadata":{},"source":"a","outputs":[],"execution_count":null}],"metadata":{},"nbformat":4,"nbformat_minor":2}""";

        var first = NotebookDocument.Parse(old);

        Assert.Equal(first.Cells.Select(c => c.Id), NotebookDocument.Parse(old).Cells.Select(c => c.Id));
        Assert.Equal(2, first.Cells.Select(c => c.Id).Distinct().Count());
        Assert.All(first.Cells, c => Assert.Matches("^[a-zA-Z0-9_-]{1,64}$", c.Id));
        Assert.Contains("\"nbformat_minor\": 5", first.Write());
    }

    [Theory]
    [InlineData("[]", "The file is no notebook: its JSON is no object.")]
    [InlineData("{}", "The file is no notebook: it has no number in 'nbformat'.")]
    [InlineData("""{"nbformat":3,"worksheets":[]}""", "The notebook has nbformat 3; only 4 is read. Convert it by: jupyter nbconvert --to notebook")]
    [InlineData("""{"nbformat":4}""", "The file is no notebook: it has no list of cells.")]
    public void Parse_NoNotebook_SaysWhy(string text, string message) => Assert.Equal(message, Assert.Throws<FormatException>(() => NotebookDocument.Parse(text)).Message);

    [Fact]
    public void Insert_Move_Remove_KeepOrderAndLanguages()
    {
        var document = NotebookDocument.Create();
        var sql = document.Insert(NotebookCellKind.Sql, "SELECT 1");
        sql.ResultName = "one";
        var code = document.Insert(NotebookCellKind.CSharp, "1");
        var text = document.Insert(NotebookCellKind.Markdown, "# x", 0);
        document.Move(sql, 2);
        document.Remove(text);

        var again = NotebookDocument.Parse(document.Write());

        Assert.Equal([(code.Id, NotebookCellKind.CSharp, "1", null), (sql.Id, NotebookCellKind.Sql, "SELECT 1", "one")], again.Cells.Select(c => (c.Id, c.Kind, c.Source, c.ResultName)));
    }

    [Theory]
    [InlineData("""{"cells":[{"cell_type":"code","execution_count":3,"execution_count":4,"id":"a","metadata":{},"outputs":[],"source":[]}],"metadata":{},"nbformat":4,"nbformat_minor":5}""")]
    [InlineData("""{"cells":[],"metadata":{"language_info":"python"},"nbformat":4,"nbformat_minor":5}""")]
    [InlineData("""{"cells":[],"metadata":{"language_info":{"name":3}},"nbformat":4,"nbformat_minor":5}""")]
    [InlineData("""{"cells":[{"cell_type":7,"id":"a","metadata":{},"outputs":[],"source":[]}],"metadata":{},"nbformat":4,"nbformat_minor":5}""")]
    [InlineData("""{"cells":[{"cell_type":"code","id":"a","metadata":{},"outputs":[],"source":[3]}],"metadata":{},"nbformat":4,"nbformat_minor":5}""")]
    public void Parse_OddShapes_AreToldAsAFormat(string text) =>
        Assert.StartsWith("The file is no notebook: ", Assert.Throws<FormatException>(() => NotebookDocument.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void SetOutputs_Notifications_BecomeOutputsOfNbformat()
    {
        var outputs = new CellOutputs();
        outputs.Add(new CellStartedNotification(1, "c", 7));
        outputs.Add(new TextNotification(1, false, "a"));
        outputs.Add(new TextNotification(1, false, "b\nc"));
        outputs.Add(new DisplayNotification(1, new Dictionary<string, string> { ["text/plain"] = "42" }, true));
        outputs.Add(new CellFailedNotification(1, "CS1", "wrong", 2, null, []));
        outputs.Add(new CellFinishedNotification(1, CellState.Failed, 1, 1));
        var cell = NotebookDocument.Create().Insert(NotebookCellKind.CSharp);

        cell.SetOutputs(outputs);

        Assert.Equal(7, cell.ExecutionCount);
        Assert.Equal(
            """[{"name":"stdout","output_type":"stream","text":["ab\n","c"]},{"data":{"text/plain":["42"]},"execution_count":7,"metadata":{},"output_type":"execute_result"},"""
            + """{"ename":"CS1","evalue":"line 2: wrong","output_type":"error","traceback":["CS1: line 2: wrong"]}]""",
            cell.Outputs.ToJsonString());
    }

    [Fact]
    public void SetOutputs_WhatOnlyCallsItselfJson_IsLeftOutBesideItsText()
    {
        var outputs = new CellOutputs();
        outputs.Add(new DisplayNotification(1, new Dictionary<string, string> { ["application/json"] = "{", ["text/plain"] = "{" }, false));
        outputs.Add(new DisplayNotification(1, new Dictionary<string, string> { ["application/geo+json"] = string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100)) }, false));
        var cell = NotebookDocument.Create().Insert(NotebookCellKind.CSharp);

        cell.SetOutputs(outputs);

        Assert.Equal("""{"text/plain":["{"]}""", cell.Outputs[0]!["data"]!.ToJsonString());
        Assert.NotNull(cell.Outputs[1]!["data"]!["application/geo+json"]);
    }
}
