//! Thin.
use rosterd_sdk::*;
#[derive(serde::Deserialize)]
struct S { file: String }
struct Csv(S);
impl Connector for Csv {
    type Settings = S;
    fn describe() -> Describe { Describe::new("csv", "0.1.0", "CSV").source(true).class(Class::Account, ClassDescription::immutable_id()) }
    fn open(s: S) -> Result<Self, Fault> { Ok(Self(s)) }
    fn check(&mut self) -> Result<Vec<Probe>, Fault> { Ok(vec![]) }
}
impl Source for Csv {
    type Reader = R;
    fn scan(&mut self, _: &[Class], _: Option<String>) -> Result<R, Fault> { Ok(R(files::open(&self.0.file)?)) }
}
struct R(files::Input);
impl Reader for R {
    fn next(&mut self, max: u32) -> Result<Page, Fault> {
        let b = self.0.read(max)?;
        Ok(Page::end(vec![record(Class::Account, "1").text("a", String::from_utf8_lossy(&b)).upsert()], ScanEnd::complete([Class::Account])))
    }
}
impl Destination for Csv {
    fn apply(&mut self, o: Vec<Operation>) -> Vec<Receipt> { o.iter().map(|_| Receipt::Applied(Applied::id("1"))).collect() }
    fn find(&mut self, _: Class, _: &str, _: &str) -> Result<Vec<Object>, Fault> { Ok(vec![]) }
    fn read(&mut self, _: &[ObjectRef]) -> Vec<Result<Option<Object>, Fault>> { vec![] }
}
export_connector!(Csv);
export_source!(Csv);
export_destination!(Csv);
