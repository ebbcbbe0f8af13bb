using FlowForge.Contracts;
using FlowForge.Workbench.Notebooks;

namespace FlowForge.Workbench.Tests.Units;

/// <summary>Undo takes a structural change back, and nothing that was typed since.</summary>
public sealed class BookModelTests
{
    [Fact]
    public void Undo_OfAnInsertion_KeepsWhatWasTypedInOtherCells()
    {
        var book = Book("", "SELECT 1");
        book.Insert(2, NotebookCellKind.Sql);
        book.Cells[0].Typed("twenty lines");
        book.Cells[1].Typed("SELECT 1 AS more");
        Assert.Null(book.Undo());
        Assert.Equal(["twenty lines", "SELECT 1 AS more"], Texts(book));
    }

    [Fact]
    public void Undo_OfASplit_PutsThePartsTogether()
    {
        var book = Book("var a = 1;\nvar b = 2;");
        book.Split(book.Cells[0], 11);
        Assert.Equal(["var a = 1;", "var b = 2;"], Texts(book));
        Assert.Same(book.Cells[0], book.Undo());
        Assert.Equal(["var a = 1;\nvar b = 2;"], Texts(book));

        book.Split(book.Cells[0], 11);
        book.Cells[0].Typed("var a = 10;");
        book.Cells[1].Typed("var b = 2; // two");
        book.Undo();
        Assert.Equal(["var a = 10;\nvar b = 2; // two"], Texts(book));
    }

    [Fact]
    public void Undo_OfAMerge_GivesTheSecondCellBack()
    {
        var book = Book("a", "b");
        Assert.True(book.MergeWithNext(book.Cells[0]));
        book.Undo();
        Assert.Equal(["a", "b"], Texts(book));

        book.MergeWithNext(book.Cells[0]);
        book.Cells[0].Typed("a typed\nb");
        book.Undo();
        Assert.Equal(["a typed", "b"], Texts(book));

        // Typed into what was the second cell's text: twice is better than lost.
        book.MergeWithNext(book.Cells[0]);
        book.Cells[0].Typed("a typed\nb and more");
        book.Undo();
        Assert.Equal(["a typed\nb and more", "b"], Texts(book));
    }

    [Fact]
    public void Undo_OfAChangeOfKind_GivesKindAndNameBack()
    {
        var book = Book("x");
        book.Cells[0].Name("mine");
        book.Become(book.Cells[0], NotebookCellKind.Markdown);
        book.Undo();
        Assert.Equal((NotebookCellKind.Sql, "mine", "x"), (book.Cells[0].Kind, book.Cells[0].ResultName, book.Cells[0].Source));
    }

    [Fact]
    public void Undo_OfADeletion_GivesTheCellBackInItsPlace()
    {
        var book = Book("a", "b", "c");
        book.Delete(book.Cells[1]);
        book.Cells[0].Typed("");
        book.Undo();
        Assert.Equal(["", "b", "c"], Texts(book));
        Assert.Null(book.Undoable);
    }

    [Fact]
    public void Load_OfTheSameCells_KeepsHowTheViewerLooksAtThem()
    {
        var book = new BookModel();
        book.Load([Cell("m", NotebookCellKind.Markdown, "# Words"), Cell("s", NotebookCellKind.Sql, "SELECT 1")]);
        book.Cells[0].Edit(true);
        book.Cells[1].FoldOutputs();
        book.Load([Cell("s", NotebookCellKind.Sql, "SELECT 2"), Cell("m", NotebookCellKind.Markdown, "# Others"), Cell("n", NotebookCellKind.Markdown, "# New")]);
        Assert.Equal(["SELECT 2", "# Others", "# New"], Texts(book));
        Assert.Equal([(false, true), (true, false), (false, false)], book.Cells.Select(c => (c.Editing, c.OutputsFolded)));
    }

    private static BookModel Book(params string[] texts)
    {
        var book = new BookModel();
        book.Load(texts.Select((text, i) => Cell($"c{i}", NotebookCellKind.Sql, text)));
        return book;
    }

    private static NotebookCell Cell(string id, NotebookCellKind kind, string source) => new() { Id = id, Kind = kind, Source = source };

    private static IEnumerable<string> Texts(BookModel book) => book.Cells.Select(c => c.Source);
}
