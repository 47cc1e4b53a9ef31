mod attempt;
mod lint;
mod report;
mod simulate;
mod why;
